package protocol

import (
	"encoding/json"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	measureEvery = time.Minute
	clockSet     = 250 * time.Millisecond
	driftDivisor = 1000 // one of two clocks is faster by a thousandth at most
)

// ServerClock is the clock of the server, which alone decides what is due; in monotonic time between two measurements.
type ServerClock struct {
	nc       *nats.Conn
	log      *slog.Logger
	mutex    sync.Mutex
	server   time.Time // its time at `measured`
	measured time.Time
	inexact  time.Duration // by how much it may be wrong at `measured`: half the round trip
	stale    bool
}

// NewServerClock returns a clock that must be measured before it is used.
func NewServerClock(nc *nats.Conn, log *slog.Logger) *ServerClock {
	return &ServerClock{nc: nc, log: log}
}

// Now is the time of the server.
func (c *ServerClock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.server.Add(time.Since(c.measured)).Truncate(time.Millisecond)
}

// Reached is an instant that the server's clock has reached for certain, for what must not happen early.
func (c *ServerClock) Reached() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	passed := time.Since(c.measured)
	return c.server.Add(passed - c.inexact - passed/driftDivisor).Truncate(time.Millisecond)
}

// Measure believes the fastest of three answers: the server read its clock between the request and the answer.
func (c *ServerClock) Measure() error {
	var server, measured time.Time
	fastest := time.Duration(math.MaxInt64)
	for range 3 {
		asked := time.Now()
		answer, err := c.nc.Request("$JS.API.STREAM.INFO.TIMERS", nil, 2*time.Second)
		if err != nil {
			return err
		}
		var info struct{ TS time.Time }
		if err := json.Unmarshal(answer.Data, &info); err != nil {
			return err
		}
		if took := time.Since(asked); took < fastest {
			fastest, measured = took, time.Now()
			server = info.TS.Add(took / 2)
		}
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.server, c.measured, c.inexact, c.stale = server, measured, fastest/2, false
	return nil
}

// Doubt makes Keep measure: the connection may lead to another server now.
func (c *ServerClock) Doubt() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.stale = true
}

// Keep measures again when it is time to, or when the clock of this machine was set or the machine slept.
func (c *ServerClock) Keep() {
	if !c.isOld() {
		return
	}
	if err := c.Measure(); err != nil {
		c.Doubt()
		c.log.Warn("the clock of the server is not measured", "error", err)
	}
}

func (c *ServerClock) isOld() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	passed := time.Since(c.measured) // in monotonic time
	moved := time.Now().Round(0).Sub(c.measured.Round(0)) - passed
	return c.stale || passed >= measureEvery || moved.Abs() > clockSet
}

package engine

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jobstream/jobstream/clients/go/internal/joblog"
)

const (
	// stepsProtocol is the version of the protocol that steps are part of.
	stepsProtocol = 6
	// liveFor is how long it is believed which processes live.
	liveFor   = 2 * time.Second
	mostNamed = 3
)

// liveProcesses reads the heartbeats of API, workers and projectors when somebody asks.
type liveProcesses struct {
	nc *nats.Conn

	mutex sync.Mutex
	read  time.Time
	why   string
}

// whyNoSteps says why no step can be recorded yet; empty if steps can be.
func (l *liveProcesses) whyNoSteps() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if time.Since(l.read) > liveFor {
		l.why = l.look()
		l.read = time.Now()
	}
	return l.why
}

func (l *liveProcesses) look() string {
	messages, err := joblog.ReadAll(l.nc, "WORKERS", "workers.>")
	if err != nil {
		return fmt.Sprintf("it is not known which processes live: %v", err)
	}
	var older []string
	known := false
	for _, message := range messages {
		beat := struct {
			Worker   string
			Protocol int
		}{Protocol: 1}
		if json.Unmarshal(message.Data, &beat) != nil || beat.Worker == "" {
			continue
		}
		known = true
		if beat.Protocol < stepsProtocol {
			older = append(older, beat.Worker)
		}
	}
	return whyOlder(known, older)
}

func whyOlder(known bool, older []string) string {
	switch {
	case !known:
		return "it is not known yet which processes live"
	case len(older) == 0:
		return ""
	}
	more := ""
	if len(older) > mostNamed {
		more = fmt.Sprintf(" and %d more", len(older)-mostNamed)
	}
	return "processes of an earlier release live, " + strings.Join(older[:min(len(older), mostNamed)], ", ") + more
}

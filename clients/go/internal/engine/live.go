package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jobstream/jobstream/clients/go/internal/joblog"
)

const (
	// liveFor is how long it is believed which processes live.
	liveFor   = 2 * time.Second
	mostNamed = 3
	// upgradeWait is how long a step waits for processes of an earlier release to be gone.
	upgradeWait = 30 * time.Second
	upgradeLook = time.Second
)

// liveProcesses reads the heartbeats of API, workers and projectors when somebody asks.
type liveProcesses struct {
	nc *nats.Conn

	mutex sync.Mutex
	read  time.Time
	known []liveProcess
	err   error
}

// liveProcess is what a heartbeat says of a process: its name, and the version of the protocol that it keeps to.
type liveProcess struct {
	Worker   string
	Protocol int
}

// whyNot says why not all processes are known to keep to this version of the protocol; empty if they do.
func (l *liveProcesses) whyNot(version int) string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if time.Since(l.read) > liveFor {
		l.known, l.err = l.look()
		l.read = time.Now()
	}
	if l.err != nil {
		return fmt.Sprintf("it is not known which processes live: %v", l.err)
	}
	return whyOlder(l.known, version)
}

func (l *liveProcesses) look() ([]liveProcess, error) {
	messages, err := joblog.ReadAll(l.nc, "WORKERS", "workers.>")
	var known []liveProcess
	for _, message := range messages {
		beat := liveProcess{Protocol: 1}
		if json.Unmarshal(message.Data, &beat) == nil && beat.Worker != "" {
			known = append(known, beat)
		}
	}
	return known, err
}

func whyOlder(known []liveProcess, version int) string {
	var older []string
	for _, process := range known {
		if process.Protocol < version {
			older = append(older, process.Worker)
		}
	}
	switch {
	case len(known) == 0:
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

// untilUnderstood waits until no process lives that would lose the results, and to which the job would be unreadable.
func (s *steps) untilUnderstood(ctx context.Context, version int, what string) error {
	for waited := time.Duration(0); ; waited += upgradeLook {
		why := s.whyNot(version)
		if why == "" {
			return nil
		}
		if waited >= upgradeWait {
			return &StepError{"UPGRADE_UNFINISHED", what + " cannot be recorded yet: " + why, upgradeWait}
		}
		if waited == 0 {
			s.log.Warn(what+" waits: it could not be recorded yet", "why", why)
		}
		if err := pause(ctx, upgradeLook); err != nil {
			return err
		}
	}
}

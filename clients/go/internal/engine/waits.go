package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

// WaitCall is what a handler asks for when it waits for a signal.
type WaitCall struct {
	Name   string
	Key    *string
	Signal string
	// Timeout is the time limit; nil for none.
	Timeout *time.Duration
	// Decode takes the payload of the signal; an error says that it is none.
	Decode func(payload json.RawMessage) error
}

func (c WaitCall) id() string { return protocol.Step{Name: c.Name, Key: c.Key}.ID() }

// title is how the wait is called in messages.
func (c WaitCall) title() string {
	if c.Key == nil {
		return fmt.Sprintf("the wait '%s'", c.Name)
	}
	return fmt.Sprintf("the wait '%s' with the key '%s'", c.Name, *c.Key)
}

// check returns what makes no sense.
func (c WaitCall) check(ctx context.Context, known map[string]json.RawMessage) error {
	run, within := CurrentStep(ctx)
	_, isKnown := known[c.Signal]
	switch {
	case !isStepName(c.Name):
		return misused("the name of a wait must have 1 to 128 characters, and no control characters")
	case c.Key != nil && !isStepName(*c.Key):
		return misused(fmt.Sprintf("the key of the wait '%s' must have 1 to 128 characters, and no control characters", c.Name))
	case c.Timeout != nil && *c.Timeout > longestSleep:
		return misused(fmt.Sprintf("%s would last longer than %d days", c.title(), longestSleep/(24*time.Hour)))
	case !isKnown:
		takes := strings.Join(slices.Sorted(maps.Keys(known)), ", ")
		return misused(fmt.Sprintf("%s is for the signal '%s', but jobs of this type take %s", c.title(), c.Signal, orNone(takes)))
	case within:
		return misused(fmt.Sprintf("%s was begun within the step '%s', which must end first", c.title(), run.Name))
	}
	return nil
}

func orNone(names string) string {
	if names == "" {
		return "none"
	}
	return names
}

// hasEnded tells whether the record is that of a wait that is over, with a signal or without; an error says that it is none of this wait.
func (c WaitCall) hasEnded(recorded *protocol.Step) (bool, error) {
	if recorded == nil || recorded.Error != nil || recorded.WaitsUntil != nil {
		return false, nil
	}
	if recorded.Signal == nil && recorded.Result != nil || recorded.Signal != nil && recorded.Signal.Name != c.Signal {
		return false, misused(fmt.Sprintf("%s has the name of a step of the job that is no wait for '%s'", c.title(), c.Signal))
	}
	return true, nil
}

// WaitFor tells whether a signal has come, whose payload is decoded then; it has not at the end of the time limit. ErrSuspended is for a run
// that does not get the signal. The context is that of a handler.
func WaitFor(ctx context.Context, call WaitCall) (came bool, err error) {
	steps, within := ctx.Value(stepsKey{}).(*steps)
	if !within {
		return false, misused("a wait needs the context that the handler was given")
	}
	if err := call.check(ctx, steps.signals); err != nil {
		return false, err
	}
	recorded, err := steps.wait(ctx, call)
	if err != nil || recorded.Signal == nil {
		return false, err
	}
	return true, steps.decode(call, recorded.Result)
}

// decode fails the attempt with a payload that is none, whatever its handler does.
func (s *steps) decode(call WaitCall, payload json.RawMessage) error {
	if payload == nil {
		payload = json.RawMessage("null")
	}
	if err := call.Decode(payload); err != nil {
		return s.fail(InvalidSignal(call.Signal, err))
	}
	return nil
}

// wait returns the record of the wait, once that is over.
func (s *steps) wait(ctx context.Context, call WaitCall) (*protocol.Step, error) {
	var recorded *protocol.Step
	if step, known := s.job.Steps[call.id()]; known {
		recorded = &step
	}
	if err := s.begin(call.id(), call.title(), call.Key); err != nil {
		return nil, err
	}
	for {
		var err error
		recorded, err = s.recordWait(ctx, call, recorded)
		s.end()
		if err != nil {
			return nil, err
		}
		if ended, err := call.hasEnded(recorded); ended || err != nil {
			return recorded, err
		}
		if err := s.sleeps.waitLong(ctx, openSleep{end: endOfWait(recorded), signal: call.Signal}); err != nil {
			return nil, err
		}
		if err := s.goOn(); err != nil {
			return nil, err
		}
	}
}

// endOfWait is the end of the time limit of a wait; the zero value if it has none.
func endOfWait(recorded *protocol.Step) time.Time {
	if recorded == nil || recorded.WaitsUntil == nil {
		return time.Time{}
	}
	return *recorded.WaitsUntil
}

// recordWait returns what is recorded of a wait, after what there is to record now.
func (s *steps) recordWait(ctx context.Context, call WaitCall, recorded *protocol.Step) (*protocol.Step, error) {
	for fresh := false; ; {
		if ended, err := call.hasEnded(recorded); ended || err != nil {
			return recorded, err
		}
		if err := s.untilUnderstood(ctx, protocol.SignalsProtocol, call.title()); err != nil {
			return nil, err
		}
		outcome, err := s.lookForSignal(call, recorded)
		if outcome == nil || err != nil {
			return recorded, err
		}
		if hasExpired := outcome.Signal == nil && outcome.WaitsUntil == nil; hasExpired && !fresh {
			if err := s.refresh(); err != nil { // a signal may have come since the run began
				return nil, err
			}
			fresh = true
			continue
		}
		if err := s.takePlace(call.id(), call.title()); err != nil {
			return nil, err
		}
		if err := s.count(*outcome, call.title()); err != nil {
			return nil, err
		}
		if err := s.record(*outcome); err != nil {
			return nil, err
		}
		recorded = outcome
	}
}

// lookForSignal returns what is to be recorded of a wait that has not ended; nil if it goes on as it is.
func (s *steps) lookForSignal(call WaitCall, recorded *protocol.Step) (*protocol.Step, error) {
	outcome := protocol.Step{Name: call.Name, Key: call.Key}
	signal, err := s.takeSignal(call)
	end, now := endOfWait(recorded), s.now()
	switch {
	case err != nil:
		return nil, err
	case signal != nil:
		if err := s.decode(call, signal.Payload); err != nil {
			return nil, err // what is invalid is not recorded
		}
		outcome.Signal, outcome.Result = &protocol.SignalRead{ID: signal.ID, Name: signal.Name}, signal.Payload
	case end.IsZero() && call.Timeout == nil:
		return nil, nil
	case end.IsZero():
		outcome.WaitsUntil = new(now.Add(max(0, *call.Timeout)).UTC().Truncate(time.Millisecond))
	case end.After(now):
		return nil, nil
	}
	return &outcome, nil
}

// takeSignal returns the oldest signal for the wait, which no other wait gets then; nil if there is none.
func (s *steps) takeSignal(call WaitCall) (*protocol.Signal, error) {
	unread := s.unread()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, signal := range unread {
		if signal.Name != call.Signal || s.taken[signal.ID] {
			continue
		}
		if protocol.IsEncrypted(signal.Payload, s.job.Created.JobID) {
			return nil, fmt.Errorf("the payload of the signal '%s' is encrypted, which only workers with @jobstream/worker can read", call.Signal)
		}
		s.taken[signal.ID] = true
		return &signal, nil
	}
	return nil, nil
}

// goOn is for what the run goes on with behind a wait; end must follow if there is no error.
func (s *steps) goOn() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.whyOver(); err != nil {
		return err
	}
	s.running++
	s.sleeps.beginWork()
	return nil
}

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

// longestSleep is how far ahead the end of a sleep may be.
const longestSleep = 366 * 24 * time.Hour

// SleepCall is what a handler asks for when it sleeps: how long, or until when.
type SleepCall struct {
	Name  string
	Key   *string
	For   time.Duration
	Until time.Time // the zero value: For decides
}

func (c SleepCall) id() string { return protocol.Step{Name: c.Name, Key: c.Key}.ID() }

// title is how the sleep is called in messages.
func (c SleepCall) title() string {
	if c.Key == nil {
		return fmt.Sprintf("the sleep '%s'", c.Name)
	}
	return fmt.Sprintf("the sleep '%s' with the key '%s'", c.Name, *c.Key)
}

// check returns what makes no sense.
func (c SleepCall) check(ctx context.Context) error {
	run, within := CurrentStep(ctx)
	switch {
	case !isStepName(c.Name):
		return misused("the name of a sleep must have 1 to 128 characters, and no control characters")
	case c.Key != nil && !isStepName(*c.Key):
		return misused(fmt.Sprintf("the key of the sleep '%s' must have 1 to 128 characters, and no control characters", c.Name))
	case within:
		return misused(fmt.Sprintf("%s was begun within the step '%s', which must end first", c.title(), run.Name))
	}
	return nil
}

// endFrom is when the sleep is over if it begins now, to the millisecond.
func (c SleepCall) endFrom(now time.Time) (time.Time, error) {
	end := now.Add(max(0, c.For))
	if !c.Until.IsZero() {
		end = c.Until
	}
	if end.Sub(now) > longestSleep {
		return end, misused(fmt.Sprintf("%s would last longer than %d days", c.title(), longestSleep/(24*time.Hour)))
	}
	return end.UTC().Truncate(time.Millisecond), nil
}

// recordedEnd is when the sleep is over that was recorded.
func (c SleepCall) recordedEnd(recorded protocol.Step) (time.Time, error) {
	var end time.Time
	if json.Unmarshal(recorded.Result, &end) != nil || end.IsZero() {
		return end, misused(c.title() + " has the name of a step of the job that is no sleep")
	}
	return end, nil
}

// Sleep returns at the end of the sleep; ErrSuspended where the run does not last so long. The context is that of a handler.
func Sleep(ctx context.Context, call SleepCall) error {
	steps, within := ctx.Value(stepsKey{}).(*steps)
	if !within {
		return misused("a sleep needs the context that the handler was given")
	}
	if err := call.check(ctx); err != nil {
		return err
	}
	end, err := steps.beginSleep(ctx, call)
	if err != nil {
		return err
	}
	return steps.sleeps.wait(ctx, end)
}

// beginSleep returns when the sleep is over, as its first call in any run has recorded it.
func (s *steps) beginSleep(ctx context.Context, call SleepCall) (time.Time, error) {
	if err := s.begin(call.id(), call.title(), call.Key); err != nil {
		return time.Time{}, err
	}
	defer s.end()
	recorded, known := s.job.Steps[call.id()]
	if !known || recorded.Error != nil {
		end, err := call.endFrom(s.now())
		if err != nil {
			return end, err
		}
		if recorded, err = s.recordEnd(ctx, call, end); err != nil {
			return end, err
		}
	}
	end, err := call.recordedEnd(recorded)
	if err == nil && !s.sleeps.keepsSlot(end) {
		err = s.untilUnderstood(ctx, protocol.WaitsProtocol, call.title())
	}
	return end, err
}

func (s *steps) recordEnd(ctx context.Context, call SleepCall, end time.Time) (protocol.Step, error) {
	outcome := protocol.Step{Name: call.Name, Key: call.Key}
	if err := s.takePlace(call.id(), call.title()); err != nil {
		return outcome, err
	}
	if err := s.untilUnderstood(ctx, protocol.StepsProtocol, call.title()); err != nil {
		return outcome, err
	}
	text, err := json.Marshal(end)
	if err != nil {
		return outcome, misused(fmt.Sprintf("%s ends at no instant that can be written: %v", call.title(), err))
	}
	outcome.Result = text
	if err := s.count(outcome, call.title()); err != nil {
		return outcome, err
	}
	return outcome, s.record(outcome)
}

// waits tells whether and for what the attempt waits whose handler has ended with this error: also if it has swallowed the
// interruption, but not if it was aborted, or if it fails whatever its handler has done. The cause is that of the end of its context.
func (s *steps) waits(cause, ended error) (suspension, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	waits, isSuspended := s.sleeps.suspension()
	isInterrupted := errors.Is(ended, ErrSuspended)
	isAborted := cause != nil && ended != nil && !isInterrupted
	if !isSuspended || s.fault != nil || isAborted {
		return waits, false
	}
	if !isInterrupted {
		s.log.Error("the job waits all the same: its handler has not passed on ErrSuspended", "error", ended)
	}
	return waits, true
}

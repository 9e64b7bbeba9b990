package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

// ErrSuspended is what a sleep returns that is too long to keep its slot.
var ErrSuspended = errors.New("the attempt sleeps, and its handler is run again from its beginning when the sleep is over")

// lastInstant is the last one that the notation of times has.
var lastInstant = time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC)

// SleepCall is what a handler asks for when it sleeps.
type SleepCall struct {
	Name string
	// EndFrom is when the sleep is over that begins at this instant.
	EndFrom func(now time.Time) time.Time
}

func (c SleepCall) title() string { return fmt.Sprintf("the sleep '%s'", c.Name) }

// check returns what makes no sense.
func (c SleepCall) check(ctx context.Context) error {
	if !isStepName(c.Name) {
		return misused("the name of a sleep must have 1 to 128 characters, and no control characters")
	}
	if _, within := CurrentStep(ctx); within {
		return sleepsWithin(c.title())
	}
	return nil
}

func sleepsWithin(title string) error {
	return misused(title + ": a step does not sleep, since its work would be done again. Sleep between steps")
}

// Sleep returns when the sleep is over; ErrSuspended where that is too late to keep the slot. The context is that of a handler.
func Sleep(ctx context.Context, call SleepCall) error {
	steps, within := ctx.Value(stepsKey{}).(*steps)
	if !within {
		return misused("a sleep needs the context that the handler was given")
	}
	if err := call.check(ctx); err != nil {
		return err
	}
	if err := steps.begin(call.Name, call.title(), false); err != nil {
		return err
	}
	defer steps.end()
	return steps.sleep(ctx, call)
}

// sleep suspends the attempt only where all processes understand that; meanwhile the end may have come near.
func (s *steps) sleep(ctx context.Context, call SleepCall) error {
	end, err := s.endOf(ctx, call)
	if err != nil {
		return err
	}
	if end.Sub(s.now()) > s.slotWait {
		if err := s.untilUnderstood(ctx, protocol.WaitsProtocol, "attempt can wait"); err != nil {
			return err
		}
	}
	left := end.Sub(s.now())
	if left > s.slotWait {
		s.suspend(end)
		return ErrSuspended
	}
	if left <= 0 {
		return nil
	}
	return pause(ctx, left)
}

// suspend makes the attempt wait, when its handler has ended, until the earliest of the ends.
func (s *steps) suspend(end time.Time) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.until.IsZero() || end.Before(s.until) {
		s.until = end
	}
}

// endOf is when the sleep is over, as its first call in any run has recorded it.
func (s *steps) endOf(ctx context.Context, call SleepCall) (time.Time, error) {
	if recorded, known := s.job.Steps[call.Name]; known {
		return recordedEnd(recorded, call)
	}
	if err := s.takePlace(call.Name, call.title()); err != nil {
		return time.Time{}, err
	}
	if err := s.untilUnderstood(ctx, protocol.StepsProtocol, "step can be recorded"); err != nil {
		return time.Time{}, err
	}
	end := call.EndFrom(s.now()).UTC()
	if end.After(lastInstant) {
		end = lastInstant
	}
	end = end.Truncate(time.Millisecond)
	text, err := json.Marshal(end)
	if err != nil {
		return time.Time{}, misused(fmt.Sprintf("%s ends at no instant that can be written: %v", call.title(), err))
	}
	outcome := protocol.Step{Name: call.Name, Result: text}
	if err := s.count(outcome, call.title()); err != nil {
		return time.Time{}, err
	}
	return end, s.record(outcome)
}

func recordedEnd(recorded protocol.Step, call SleepCall) (time.Time, error) {
	var end time.Time
	if recorded.Error != nil || json.Unmarshal(recorded.Result, &end) != nil || end.IsZero() {
		return end, misused(call.title() + " has the name of a step")
	}
	return end, nil
}

// waitsUntil tells whether and until when the attempt waits whose handler has ended with this error: also if it has swallowed the
// interruption, but not if it was aborted, or if it fails whatever its handler has done. The cause is that of the end of its context.
func (s *steps) waitsUntil(cause, ended error) (time.Time, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	isInterrupted := errors.Is(ended, ErrSuspended)
	isAborted := cause != nil && ended != nil && !isInterrupted
	if s.until.IsZero() || s.fault != nil || isAborted {
		return time.Time{}, false
	}
	if !isInterrupted {
		s.log.Error("the job waits all the same: its handler has not passed on ErrSuspended", "error", ended)
	}
	return s.until, true
}

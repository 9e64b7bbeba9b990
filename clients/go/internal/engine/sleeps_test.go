package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

var sleepTime = time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)

const anHourLater = `"2026-01-31T10:30:00Z"`

// sleepingAttempt is at an instant that a test sets.
func sleepingAttempt(t *testing.T, now time.Time, known ...protocol.Step) *steppedAttempt {
	a := newSteppedAttempt(t, known...)
	a.steps.now = func() time.Time { return now }
	a.steps.slotWait = 30 * time.Second
	return a
}

func sleepFor(name string, duration time.Duration) SleepCall {
	return SleepCall{Name: name, EndFrom: func(now time.Time) time.Time { return now.Add(duration) }}
}

func TestASleepIsRecordedWithItsEndAndSuspendsTheAttempt(t *testing.T) {
	a := sleepingAttempt(t, sleepTime)
	if err := Sleep(a.ctx, sleepFor("trial", time.Hour)); !errors.Is(err, ErrSuspended) {
		t.Errorf("got %v", err)
	}
	if got := a.recorded(); got != "trial "+anHourLater {
		t.Errorf("got %s", got)
	}
	until, waits := a.steps.waitsUntil(nil, ErrSuspended)
	if !waits || !until.Equal(sleepTime.Add(time.Hour)) {
		t.Errorf("got %v, %v", until, waits)
	}
}

func TestALaterRunSleepsUntilTheEndThatWasRecorded(t *testing.T) {
	slept := protocol.Step{Name: "trial", Result: json.RawMessage(anHourLater)}
	for passed, want := range map[time.Duration]error{30 * time.Minute: ErrSuspended, time.Hour: nil} {
		a := sleepingAttempt(t, sleepTime.Add(passed), slept)
		if err := Sleep(a.ctx, sleepFor("trial", time.Hour)); err != want || a.recorded() != "" {
			t.Errorf("after %v: got %v and %s", passed, err, a.recorded())
		}
	}
}

func TestWhatIsShortEnoughKeepsTheSlot(t *testing.T) {
	a := sleepingAttempt(t, sleepTime)
	for _, call := range []SleepCall{sleepFor("moment", time.Millisecond), sleepFor("gone", -time.Hour)} {
		if err := Sleep(a.ctx, call); err != nil {
			t.Errorf("%s: got %v", call.Name, err)
		}
	}
	if _, waits := a.steps.waitsUntil(nil, nil); waits {
		t.Error("expected no wait")
	}
}

func TestOfSeveralSleepsTheFirstEndCounts(t *testing.T) {
	a := sleepingAttempt(t, sleepTime)
	for _, days := range []int{3, 1, 2} {
		_ = Sleep(a.ctx, sleepFor(fmt.Sprint(days), time.Duration(days)*24*time.Hour))
	}
	if until, _ := a.steps.waitsUntil(nil, ErrSuspended); !until.Equal(sleepTime.Add(24 * time.Hour)) {
		t.Errorf("got %v", until)
	}
}

func TestTheAttemptWaitsHoweverItsHandlerEndsUnlessItWasAborted(t *testing.T) {
	other := errors.New("other")
	for _, test := range []struct {
		cause, ended error
		waits        bool
	}{
		{nil, fmt.Errorf("wrapped: %w", ErrSuspended), true},
		{nil, nil, true},
		{nil, other, true},
		{ErrTimeout, ErrTimeout, false},
		{ErrShutdown, other, false},
		{ErrShutdown, ErrSuspended, true},
	} {
		a := sleepingAttempt(t, sleepTime)
		_ = Sleep(a.ctx, sleepFor("trial", time.Hour))
		if _, waits := a.steps.waitsUntil(test.cause, test.ended); waits != test.waits {
			t.Errorf("%v, %v: got %v", test.cause, test.ended, waits)
		}
	}
	a := sleepingAttempt(t, sleepTime)
	_ = Sleep(a.ctx, sleepFor("trial", time.Hour))
	_ = a.steps.fail(other)
	if _, waits := a.steps.waitsUntil(nil, other); waits {
		t.Error("expected an attempt that fails for good not to wait")
	}
}

func TestASleepWaitsForOlderProcessesOnlyWhereItMustSuspend(t *testing.T) {
	a := sleepingAttempt(t, sleepTime)
	a.steps.whyNot = func(version int) string {
		if version < protocol.WaitsProtocol {
			return ""
		}
		a.abort(ErrShutdown) // so that nothing waits for the next look
		return "old-1 lives"
	}
	if err := Sleep(a.ctx, sleepFor("moment", 0)); err != nil {
		t.Errorf("got %v", err)
	}
	if err := Sleep(a.ctx, sleepFor("trial", time.Hour)); !errors.Is(err, ErrShutdown) {
		t.Errorf("got %v", err)
	}
	if _, waits := a.steps.waitsUntil(nil, nil); waits {
		t.Error("expected no wait")
	}
}

func TestTheNameOfASleepIsThatOfNoStep(t *testing.T) {
	paid := protocol.Step{Name: "charge", Result: json.RawMessage(`"paid"`)}
	failed := protocol.Step{Name: "send", Error: &protocol.JobError{Message: "no"}}
	nothing := protocol.Step{Name: "nothing"}
	a := sleepingAttempt(t, sleepTime, paid, failed, nothing)
	_ = Sleep(a.ctx, sleepFor("moment", 0))
	for _, name := range []string{"charge", "send", "nothing", "moment", ""} {
		if err := Sleep(a.ctx, sleepFor(name, 0)); !hasCode(err, "STEP_MISUSED") {
			t.Errorf("%q: got %v", name, err)
		}
	}
	if _, err := a.run(failing("moment")); !hasCode(err, "STEP_MISUSED") {
		t.Errorf("got %v", err)
	}
}

func TestTheWorkOfAStepDoesNotSleep(t *testing.T) {
	a := sleepingAttempt(t, sleepTime)
	_, err := a.run(NewStepCall("charge", func(ctx context.Context) (any, error) {
		return nil, Sleep(ctx, sleepFor("within", time.Hour))
	}))
	if _, waits := a.steps.waitsUntil(nil, err); waits || !hasCode(err, "STEP_MISUSED") {
		t.Errorf("got %v", err)
	}
	_, err = a.run(NewStepCall("with the context of the handler", func(context.Context) (any, error) {
		return nil, Sleep(a.ctx, sleepFor("within", time.Hour))
	}))
	if fault := a.steps.settle(); !hasCode(err, "STEP_MISUSED") || !hasCode(fault, "STEP_MISUSED") {
		t.Errorf("got %v and %v", err, fault)
	}
}

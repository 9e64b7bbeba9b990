package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

var sleepTime = time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)

const anHourLater = `"2026-01-31T10:30:00Z"`

func sleepFor(name string, duration time.Duration) SleepCall {
	return SleepCall{Name: name, For: duration}
}

func TestASleepIsRecordedWithItsEndAndEndsTheRun(t *testing.T) {
	a := newSteppedAttempt(t)
	if err := Sleep(a.ctx, sleepFor("trial", time.Hour)); err != ErrSuspended {
		t.Errorf("got %v", err)
	}
	if got := a.recorded(); got != "trial "+anHourLater {
		t.Errorf("got %s", got)
	}
	waits, isSuspended := a.steps.waits(nil, ErrSuspended)
	if !isSuspended || !waits.until.Equal(sleepTime.Add(time.Hour)) || waits.signals != nil {
		t.Errorf("got %v, %v", waits, isSuspended)
	}
	if _, err := a.run(failing("next")); err != ErrSuspended {
		t.Errorf("expected that nothing begins any more, got %v", err)
	}
}

func TestALaterRunSleepsUntilTheEndThatWasRecorded(t *testing.T) {
	slept := protocol.Step{Name: "trial", Result: json.RawMessage(anHourLater)}
	for passed, want := range map[time.Duration]error{30 * time.Minute: ErrSuspended, time.Hour: nil} {
		a := newSteppedAttempt(t, slept)
		a.now = sleepTime.Add(passed)
		if err := Sleep(a.ctx, sleepFor("trial", time.Hour)); err != want || a.recorded() != "" {
			t.Errorf("after %v: got %v and %s", passed, err, a.recorded())
		}
	}
}

func TestAShortSleepLeavesHalfOfWhatTheAttemptMayRun(t *testing.T) {
	a := newSteppedAttempt(t)
	a.steps.sleeps.timesOut = sleepTime.Add(10 * time.Second)
	if err := Sleep(a.ctx, sleepFor("short", time.Millisecond)); err != nil {
		t.Errorf("got %v", err)
	}
	if err := Sleep(a.ctx, sleepFor("long", 6*time.Second)); err != ErrSuspended {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsShortEnoughKeepsTheSlot(t *testing.T) {
	a := newSteppedAttempt(t)
	gone := SleepCall{Name: "gone", Until: sleepTime.Add(-time.Hour)}
	for _, call := range []SleepCall{sleepFor("moment", time.Millisecond), sleepFor("negative", -time.Hour), gone} {
		if err := Sleep(a.ctx, call); err != nil {
			t.Errorf("%s: got %v", call.Name, err)
		}
	}
	if _, waits := a.steps.waits(nil, nil); waits {
		t.Error("expected no wait")
	}
}

func TestTheRunGoesOnWhileAnythingElseIsBeingDoneAndTheFirstEndCounts(t *testing.T) {
	a := newSteppedAttempt(t)
	var branches sync.WaitGroup
	for _, days := range []int{3, 1, 2} {
		branches.Go(func() { _ = Sleep(a.ctx, sleepFor(fmt.Sprint(days), time.Duration(days)*24*time.Hour)) })
	}
	mayEnd := make(chan struct{})
	branches.Go(func() {
		_, _ = a.run(NewStepCall("send", func(context.Context) (any, error) { <-mayEnd; return nil, nil }))
		_ = Sleep(a.ctx, sleepFor("moment", time.Millisecond))
		if _, err := a.run(failing("last")); err != nil {
			t.Errorf("got %v", err)
		}
	})
	for open := 0; open < 3; { // until all sleep, which nothing but the sleeps themselves tell
		a.steps.sleeps.mutex.Lock()
		open = len(a.steps.sleeps.open)
		a.steps.sleeps.mutex.Unlock()
	}
	if _, waits := a.steps.waits(nil, ErrSuspended); waits {
		t.Error("expected the run to go on while a step runs")
	}
	close(mayEnd)
	branches.Wait()
	if waits, isSuspended := a.steps.waits(nil, ErrSuspended); !isSuspended || !waits.until.Equal(sleepTime.Add(24*time.Hour)) {
		t.Errorf("got %v, %v", waits, isSuspended)
	}
}

func TestASleepThatTheHandlerDoesNotWaitForDoesNotMatter(t *testing.T) {
	a := newSteppedAttempt(t)
	ended := make(chan error)
	go func() { ended <- Sleep(a.ctx, sleepFor("trial", time.Hour)) }()
	<-a.appending
	_ = a.steps.settle()
	if err := <-ended; err != errStepsOver {
		t.Errorf("got %v", err)
	}
	if _, waits := a.steps.waits(nil, nil); waits {
		t.Error("expected no wait")
	}
}

func TestTheAttemptWaitsHoweverItsHandlerEndsUnlessItWasAborted(t *testing.T) {
	other := errors.New("other")
	a := newSteppedAttempt(t)
	_ = Sleep(a.ctx, sleepFor("trial", time.Hour))
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
		if _, waits := a.steps.waits(test.cause, test.ended); waits != test.waits {
			t.Errorf("%v, %v: got %v", test.cause, test.ended, waits)
		}
	}
	_ = a.steps.fail(other)
	if _, waits := a.steps.waits(nil, other); waits {
		t.Error("expected an attempt that fails for good not to wait")
	}
}

func TestASleepWaitsForOlderProcessesOnlyWhereItEndsTheRun(t *testing.T) {
	a := newSteppedAttempt(t)
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
	if _, waits := a.steps.waits(nil, nil); waits {
		t.Error("expected no wait")
	}
}

func TestTheNameOfASleepIsThatOfNoStep(t *testing.T) {
	paid := protocol.Step{Name: "charge", Result: json.RawMessage(`"paid"`)}
	a := newSteppedAttempt(t, paid, protocol.Step{Name: "nothing"})
	key := "1"
	for _, call := range []SleepCall{sleepFor("moment", 0), {Name: "moment", Key: &key}} {
		if err := Sleep(a.ctx, call); err != nil {
			t.Errorf("got %v", err)
		}
	}
	for _, call := range []SleepCall{
		sleepFor("charge", 0), sleepFor("nothing", 0), sleepFor("moment", 0), sleepFor("", 0), {Name: "x", Key: new("")},
		sleepFor("ever", 367*24*time.Hour),
	} {
		if err := Sleep(a.ctx, call); !hasCode(err, "STEP_MISUSED") {
			t.Errorf("%q: got %v", call.Name, err)
		}
	}
	if _, err := a.run(failing("moment")); !hasCode(err, "STEP_MISUSED") {
		t.Errorf("got %v", err)
	}
}

func TestTheWorkOfAStepDoesNotSleep(t *testing.T) {
	a := newSteppedAttempt(t)
	_, err := a.run(NewStepCall("charge", func(ctx context.Context) (any, error) {
		return nil, Sleep(ctx, sleepFor("within", time.Hour))
	}))
	if _, waits := a.steps.waits(nil, err); waits || !hasCode(err, "STEP_MISUSED") {
		t.Errorf("got %v", err)
	}
}

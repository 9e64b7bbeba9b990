package engine

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

const anyTime = 366 * 24 * time.Hour

// newWaitingAttempt is an attempt whose job has unread signals of these names, each with its id for a payload.
func newWaitingAttempt(t *testing.T, known []protocol.Step, names ...string) *steppedAttempt {
	a := newSteppedAttempt(t, known...)
	a.steps.signals = map[string]json.RawMessage{"approved": nil, "note": nil}
	for _, name := range names {
		a.send(name, "")
	}
	a.steps.unread = func() []protocol.Signal { return a.unread }
	return a
}

func (a *steppedAttempt) send(name, payload string) {
	id := fmt.Sprintf("%s-%d", name, len(a.unread))
	if payload == "" {
		payload = fmt.Sprintf("%q", id)
	}
	a.unread = append(slices.Clip(a.unread), protocol.Signal{ID: id, Name: name, Payload: json.RawMessage(payload)})
}

// waitFor returns the payload of a signal, `none` at the end of the time limit.
func (a *steppedAttempt) waitFor(call WaitCall) (string, error) {
	var payload string
	call.Decode = func(text json.RawMessage) error {
		payload = string(text)
		if payload == `"wrong"` {
			return errFinal
		}
		return nil
	}
	came, err := WaitFor(a.ctx, call)
	if err == nil && !came {
		return "none", nil
	}
	return payload, err
}

func waitCall(name string, limit ...time.Duration) WaitCall {
	call := WaitCall{Name: name, Signal: "approved"}
	if len(limit) > 0 {
		call.Timeout = &limit[0]
	}
	return call
}

func (a *steppedAttempt) text(t *testing.T) string {
	text, err := json.Marshal(slices.Concat(a.events...))
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

func TestSignalsThatAreThereAreReadAtOnceInTheirOrder(t *testing.T) {
	a := newWaitingAttempt(t, nil, "approved", "note", "approved")
	for _, test := range [][2]string{{"first", `"approved-0"`}, {"second", `"approved-2"`}} {
		if got, err := a.waitFor(waitCall(test[0])); got != test[1] || err != nil {
			t.Errorf("%s: got %s, %v", test[0], got, err)
		}
	}
	want := `{"name":"first","result":"approved-0","durationMs":0,"signal":{"id":"approved-0","name":"approved"}}`
	if got := a.text(t); !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
	if _, waits := a.steps.waits(nil, nil); waits {
		t.Error("expected no wait")
	}
}

func TestTheRunEndsWhereThereIsNoSignal(t *testing.T) {
	a := newWaitingAttempt(t, nil, "note")
	if _, err := a.waitFor(waitCall("approval")); err != ErrSuspended {
		t.Errorf("got %v", err)
	}
	waits, isSuspended := a.steps.waits(nil, ErrSuspended)
	if !isSuspended || !waits.until.Equal(sleepTime.Add(anyTime)) || !slices.Equal(waits.signals, []string{"approved"}) {
		t.Errorf("got %v", waits)
	}
	if a.recorded() != "" {
		t.Errorf("got %s", a.recorded())
	}
}

func TestTheAttemptWaitsForTheFirstOfWhatIsAwaited(t *testing.T) {
	a := newWaitingAttempt(t, nil)
	note := waitCall("remark", 2*time.Hour)
	note.Signal = "note"
	var branches sync.WaitGroup
	for _, call := range []WaitCall{waitCall("one"), waitCall("two", 24*time.Hour), note} {
		branches.Go(func() { _, _ = a.waitFor(call) })
	}
	branches.Go(func() { _ = Sleep(a.ctx, sleepFor("nap", 3*time.Hour)) })
	branches.Wait()
	waits, _ := a.steps.waits(nil, ErrSuspended)
	if !waits.until.Equal(sleepTime.Add(2*time.Hour)) || !slices.Equal(waits.signals, []string{"approved", "note"}) {
		t.Errorf("got %v", waits)
	}
}

func TestTheEndOfATimeLimitIsRecordedAndALaterRunWaitsForWhatIsLeft(t *testing.T) {
	a := newWaitingAttempt(t, nil)
	if _, err := a.waitFor(waitCall("approval", time.Hour)); err != ErrSuspended {
		t.Errorf("got %v", err)
	}
	if got, want := a.text(t), `[{"name":"approval","durationMs":0,"waitsUntil":"2026-01-31T10:30:00Z"}]`; got != want {
		t.Errorf("got %s", got)
	}
	limited := a.events[0]
	for _, test := range []struct {
		passed   time.Duration
		signals  []string
		want     string
		err      error
		recorded string
	}{
		{30 * time.Minute, nil, "", ErrSuspended, "null"},
		{time.Hour, nil, "none", nil, `[{"name":"approval","durationMs":0}]`},
		{time.Hour, []string{"approved"}, `"approved-0"`, nil,
			`[{"name":"approval","result":"approved-0","durationMs":0,"signal":{"id":"approved-0","name":"approved"}}]`},
	} {
		later := newWaitingAttempt(t, limited, test.signals...)
		later.now = sleepTime.Add(test.passed)
		got, err := later.waitFor(waitCall("approval", time.Hour))
		if got != test.want || err != test.err || later.text(t) != test.recorded {
			t.Errorf("after %v: got %s, %v and %s", test.passed, got, err, later.text(t))
		}
	}
}

func TestAWaitThatHasEndedIsFoundAgain(t *testing.T) {
	read := protocol.Step{Name: "approval", Result: json.RawMessage("7"), Signal: &protocol.SignalRead{ID: "s", Name: "approved"}}
	for want, known := range map[string]protocol.Step{"7": read, "none": {Name: "approval"}} {
		a := newWaitingAttempt(t, []protocol.Step{known}, "approved")
		if got, err := a.waitFor(waitCall("approval")); got != want || err != nil || a.recorded() != "" {
			t.Errorf("got %s, %v", got, err)
		}
	}
	read.Result = nil
	a := newWaitingAttempt(t, []protocol.Step{read})
	if got, err := a.waitFor(waitCall("approval")); got != "null" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestASignalThatComesAsItsLimitIsRecordedIsRead(t *testing.T) {
	a := newWaitingAttempt(t, nil)
	a.mayAppend = make(chan struct{})
	go func() {
		<-a.appending
		a.send("approved", "")
		close(a.mayAppend)
	}()
	if got, err := a.waitFor(waitCall("approval", time.Hour)); got != `"approved-0"` || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestASignalThatHasComeSinceTheRunBeganIsReadAlsoWhereTheLimitIsOver(t *testing.T) {
	limited := protocol.Step{Name: "approval", WaitsUntil: new(sleepTime.Add(-time.Minute))}
	for _, known := range [][]protocol.Step{{limited}, nil} {
		a := newWaitingAttempt(t, known)
		a.steps.refresh = func() error { a.send("approved", ""); return nil }
		if got, err := a.waitFor(waitCall("approval", 0)); got != `"approved-0"` || err != nil {
			t.Errorf("got %s, %v", got, err)
		}
	}
}

func TestAStepDoesNotTakeAWaitForItself(t *testing.T) {
	limited := protocol.Step{Name: "approval", WaitsUntil: new(sleepTime.Add(time.Hour))}
	read := protocol.Step{Name: "note", Signal: &protocol.SignalRead{ID: "s", Name: "approved"}}
	a := newWaitingAttempt(t, []protocol.Step{limited, read})
	for _, name := range []string{"approval", "note"} {
		_, err := a.run(NewStepCall(name, func(context.Context) (any, error) { return nil, nil }))
		if !hasCode(err, "STEP_MISUSED") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestATimeLimitMayBeOverWhileSomethingElseIsBeingDone(t *testing.T) {
	a := newWaitingAttempt(t, nil)
	mayEnd, ended := make(chan struct{}), make(chan struct{})
	go func() {
		_, _ = a.run(NewStepCall("slow", func(context.Context) (any, error) { <-mayEnd; return nil, nil }))
		close(ended)
	}()
	start := time.Now()
	a.steps.now = func() time.Time { return sleepTime.Add(time.Since(start)) }
	a.steps.sleeps.now = a.steps.now
	if got, err := a.waitFor(waitCall("approval", time.Millisecond)); got != "none" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	close(mayEnd)
	<-ended
	if _, waits := a.steps.waits(nil, nil); waits {
		t.Error("expected no wait")
	}
}

func TestAWaitIsRecordedOnlyWhereAllProcessesUnderstandIt(t *testing.T) {
	a := newWaitingAttempt(t, nil, "approved")
	a.steps.whyNot = func(version int) string {
		if version < protocol.SignalsProtocol {
			return ""
		}
		a.abort(ErrShutdown) // so that nothing waits for the next look
		return "old-1 lives"
	}
	if _, err := a.waitFor(waitCall("approval")); err != ErrShutdown || a.recorded() != "" {
		t.Errorf("got %v", err)
	}
}

func TestAnEncryptedPayloadIsLeftToOtherWorkers(t *testing.T) {
	a := newWaitingAttempt(t, nil)
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"kid":"` + stepsJob + `"}`))
	a.send("approved", `{"$jwe":"`+header+`..a.b.c"}`)
	if _, err := a.waitFor(waitCall("approval")); err == nil || !strings.Contains(err.Error(), "encrypted") || a.recorded() != "" {
		t.Errorf("got %v", err)
	}
}

func TestAPayloadThatIsNoneFailsTheAttemptAndIsNotRecorded(t *testing.T) {
	a := newWaitingAttempt(t, nil)
	a.send("approved", `"wrong"`)
	_, err := a.waitFor(waitCall("approval"))
	if fault := a.steps.settle(); !hasCode(err, "SIGNAL_INVALID") || !hasCode(fault, "SIGNAL_INVALID") || a.recorded() != "" {
		t.Errorf("got %v, %v and %s", err, fault, a.recorded())
	}
}

func TestAWaitIsForASignalThatTheTypeTakesUnderANameOfItsOwn(t *testing.T) {
	slept := protocol.Step{Name: "slept", Result: json.RawMessage(anHourLater)}
	other := protocol.Step{Name: "other", Signal: &protocol.SignalRead{ID: "s", Name: "note"}}
	a := newWaitingAttempt(t, []protocol.Step{slept, other}, "approved", "approved", "approved")
	key := "1"
	for _, call := range []WaitCall{waitCall("approval"), {Name: "approval", Key: &key, Signal: "approved"}} {
		if _, err := a.waitFor(call); err != nil {
			t.Errorf("got %v", err)
		}
	}
	for _, call := range []WaitCall{
		waitCall("approval"), waitCall(""), waitCall("slept"), waitCall("other"), waitCall("ever", anyTime+1),
		{Name: "x", Key: new(""), Signal: "approved"}, {Name: "y", Signal: "refused"},
	} {
		if _, err := a.waitFor(call); !hasCode(err, "STEP_MISUSED") {
			t.Errorf("%q: got %v", call.Name, err)
		}
	}
	_, err := a.run(NewStepCall("charge", func(ctx context.Context) (any, error) {
		_, err := WaitFor(ctx, waitCall("within"))
		return nil, err
	}))
	if !hasCode(err, "STEP_MISUSED") {
		t.Errorf("got %v", err)
	}
}

func TestNoStepBeginsOnceNothingWaitsForItsEnd(t *testing.T) {
	a := newSteppedAttempt(t)
	if fault := a.steps.settle(); fault != nil {
		t.Errorf("got %v", fault)
	}
	done := false
	_, err := a.run(NewStepCall("send", func(context.Context) (any, error) { done = true; return nil, nil }))
	if err != errStepsOver || done {
		t.Errorf("got %v, %v", err, done)
	}
}

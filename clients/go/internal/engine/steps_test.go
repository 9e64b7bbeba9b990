package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

const stepsJob = "0193a3f0-0000-7000-8000-00000000beef"

var errFinal = errors.New("final")

// steppedAttempt is an attempt whose log is a list.
type steppedAttempt struct {
	steps  *steps
	ctx    context.Context
	abort  context.CancelCauseFunc
	events [][]protocol.Step
	now    time.Time
	unread []protocol.Signal

	appending chan struct{} // gets something when an append begins
	mayAppend chan struct{} // an append waits for it; closed: none does
}

func newSteppedAttempt(t *testing.T, known ...protocol.Step) *steppedAttempt {
	recorded := map[string]protocol.Step{}
	for _, step := range known {
		recorded[step.ID()] = step
	}
	a := &steppedAttempt{now: sleepTime, appending: make(chan struct{}, 100), mayAppend: make(chan struct{})}
	close(a.mayAppend)
	a.steps = newSteps(stepsConfig{
		job:      &protocol.Job{Created: protocol.Event{JobID: stepsJob}, Steps: recorded, StepsRecorded: len(recorded)},
		append:   a.append,
		classify: classifyForTest,
		whyNot:   func(int) string { return "" },
		log:      slog.New(slog.DiscardHandler),
		now:      func() time.Time { return a.now },
		slotWait: 30 * time.Second,
		refresh:  func() error { return nil },
	})
	ctx, abort := context.WithCancelCause(t.Context())
	a.ctx, a.abort = a.steps.within(ctx), abort
	return a
}

func classifyForTest(err error) Failure {
	failure := Failure{Error: protocol.JobError{Name: "error", Message: err.Error()}}
	var late *lateError
	if errors.As(err, &late) {
		failure.RetryAfter = time.Minute
	}
	if errors.Is(err, errFinal) {
		failure.Reason = "unrecoverable"
	}
	return failure
}

type lateError struct{}

func (*lateError) Error() string { return "late" }

func (a *steppedAttempt) append(steps []protocol.Step) error {
	a.appending <- struct{}{}
	<-a.mayAppend
	a.events = append(a.events, steps)
	return nil
}

// recorded lists the steps in the log with their results or errors.
func (a *steppedAttempt) recorded() string {
	var all []string
	for _, step := range slices.Concat(a.events...) {
		ending := string(step.Result)
		if step.Error != nil {
			ending = step.Error.Message
		}
		all = append(all, strings.ReplaceAll(step.ID(), "\n", "/")+" "+ending)
	}
	return strings.Join(all, ", ")
}

func (a *steppedAttempt) run(call StepCall) (string, error) {
	text, err := RunStep(a.ctx, call)
	return string(text), err
}

// failing is a step whose function fails with these errors, and then tells how often it ran.
func failing(name string, failures ...error) StepCall {
	call := NewStepCall(name, func(ctx context.Context) (any, error) {
		run, _ := CurrentStep(ctx)
		if run.Attempt <= len(failures) {
			return nil, failures[run.Attempt-1]
		}
		return run.Attempt, nil
	})
	call.Backoff.DelayMs = 0
	return call
}

func keyed(call StepCall, key string) StepCall {
	call.Key = &key
	return call
}

func hasCode(err error, code string) bool {
	var step *StepError
	return errors.As(err, &step) && step.Code() == code
}

func TestWhatAnEarlierAttemptHasRecordedIsGivenAndNotRun(t *testing.T) {
	failed := protocol.Step{Name: "send", Error: &protocol.JobError{Message: "no"}}
	a := newSteppedAttempt(t, protocol.Step{Name: "charge", Result: json.RawMessage(`"paid"`)}, failed)
	if got, err := a.run(failing("charge", errFinal)); got != `"paid"` || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err := a.run(failing("send")); got != "1" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if got := a.recorded(); got != "send 1" {
		t.Errorf("got %s", got)
	}
}

func TestAStepIsRunAgainInTheAttemptAndItsLastOutcomeIsRecorded(t *testing.T) {
	a := newSteppedAttempt(t)
	no := errors.New("no")
	for _, call := range []StepCall{failing("slow", no, no), failing("final", errFinal), failing("late", &lateError{})} {
		call.MaxAttempts = 3
		_, _ = a.run(call)
	}
	_, err := a.run(NewStepCall("panics", func(context.Context) (any, error) { panic("nil map") }))
	var panicked *PanicError
	if !errors.As(err, &panicked) {
		t.Errorf("expected an error of the panic, got %v", err)
	}
	if got := a.recorded(); got != "slow 3, final final, late late, panics panic: nil map" {
		t.Errorf("got %s", got)
	}
	if fault := a.steps.settle(); fault != nil {
		t.Errorf("expected the attempt to go on, got %v", fault)
	}
}

func TestStepsThatEndWhileOneIsAppendedShareTheNextEvent(t *testing.T) {
	a := newSteppedAttempt(t)
	a.mayAppend = make(chan struct{})
	go func() { _, _ = a.run(failing("first")) }()
	<-a.appending
	for key := range 5 {
		go func() { _, _ = a.run(keyed(failing("send"), fmt.Sprint(key))) }()
	}
	for waiting := 0; waiting < 5; { // until all have ended, which nothing but the recorder tells
		a.steps.recorder.mutex.Lock()
		waiting = len(a.steps.recorder.waiting)
		a.steps.recorder.mutex.Unlock()
	}
	close(a.mayAppend)
	_ = a.steps.settle()
	if len(a.events) != 2 || len(a.events[1]) != 5 {
		t.Errorf("got %v", a.events)
	}
}

func TestWhatMakesNoSenseIsMisuse(t *testing.T) {
	a := newSteppedAttempt(t)
	_, _ = a.run(keyed(failing("send"), "a"))
	often, long := failing("often"), failing("long")
	often.MaxAttempts, long.Backoff.DelayMs = 101, 31_000
	wrong := []StepCall{
		keyed(failing("send"), "a"), failing(""), failing("a\nb"), failing(strings.Repeat("x", 129)), often, long,
		keyed(failing("send"), ""), failing("\xff"),
	}
	for _, call := range wrong {
		if _, err := a.run(call); !hasCode(err, "STEP_MISUSED") {
			t.Errorf("%q: got %v", call.Name, err)
		}
	}
}

func TestAResultThatCannotBeKeptFailsTheAttempt(t *testing.T) {
	for code, value := range map[string]any{
		"STEP_RESULTS_TOO_LARGE": strings.Repeat("x", 270_000), "RESULT_NOT_JSON": func() {},
	} {
		a := newSteppedAttempt(t)
		_, err := a.run(NewStepCall("report", func(context.Context) (any, error) { return value, nil }))
		if fault := a.steps.settle(); !hasCode(err, code) || !hasCode(fault, code) {
			t.Errorf("got %v and %v", err, fault)
		}
		if _, err := a.run(failing("next")); !hasCode(err, code) || a.recorded() != "" {
			t.Errorf("got %v and %s", err, a.recorded())
		}
	}
}

func TestAnErrorWithoutRoomIsNotRecordedAndAStepWithoutAPlaceIsNotRun(t *testing.T) {
	var large, many []protocol.Step
	text := json.RawMessage(`"` + strings.Repeat("x", 174_500) + `"`)
	for n := range 3 {
		large = append(large, protocol.Step{Name: fmt.Sprint(n), Result: text})
	}
	for n := range mostSteps {
		many = append(many, protocol.Step{Name: fmt.Sprint(n)})
	}
	a := newSteppedAttempt(t, large...)
	_, err := a.run(failing("send", errors.New(strings.Repeat("no", 2_000))))
	if fault := a.steps.settle(); err == nil || fault != nil || a.recorded() != "" {
		t.Errorf("got %v, %v and %s", err, fault, a.recorded())
	}
	if _, err := newSteppedAttempt(t, many...).run(failing("new")); !hasCode(err, "STEP_RESULTS_TOO_LARGE") {
		t.Errorf("got %v", err)
	}
	sizes := newStepSizes(map[string]protocol.Step{"0": large[0]})
	if !sizes.add(large[1]) || !sizes.add(large[0]) || sizes.total > 400_000 {
		t.Errorf("expected a step that ran again in the place of its earlier run, got %d bytes", sizes.total)
	}
}

func TestAnAbortedStepIsNotRecordedAndWhatEndsAllTheSameIs(t *testing.T) {
	a := newSteppedAttempt(t)
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() {
		_, _ = a.run(NewStepCall("obedient", func(ctx context.Context) (any, error) {
			begun <- struct{}{}
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}))
		close(ended)
	}()
	go func() {
		_, _ = a.run(NewStepCall("stubborn", func(context.Context) (any, error) {
			begun <- struct{}{}
			<-ended
			return "done", nil
		}))
	}()
	<-begun
	<-begun
	a.abort(ErrShutdown)
	_ = a.steps.settle()
	if got := a.recorded(); got != `stubborn "done"` {
		t.Errorf("got %s", got)
	}
	if _, err := a.run(failing("next")); !errors.Is(err, ErrShutdown) {
		t.Errorf("got %v", err)
	}
}

func TestNoStepRunsWhileAProcessLivesThatWouldLoseIt(t *testing.T) {
	a := newSteppedAttempt(t)
	a.steps.whyNot = func(int) string {
		a.abort(ErrShutdown) // so that nothing waits for the next look
		return "old-1 lives"
	}
	if _, err := a.run(failing("charge")); !errors.Is(err, ErrShutdown) || a.recorded() != "" {
		t.Errorf("got %v and %s", err, a.recorded())
	}
	old := []liveProcess{{"a", 1}, {"b", 5}, {"new", 6}, {"c", 1}, {"d", 1}}
	if why := whyOlder(old, 6); why != "processes of an earlier release live, a, b, c and 1 more" {
		t.Errorf("got %q", why)
	}
	if why := whyOlder(nil, 6); why == "" || whyOlder(old[2:3], 6) != "" || whyOlder(old[2:3], 7) == "" {
		t.Errorf("got %q", why)
	}
}

func TestIdempotencyKeysAreThoseOfOtherLanguages(t *testing.T) {
	job := &protocol.Job{Created: protocol.Event{JobID: stepsJob}, Generation: 1}
	run := keyed(failing("send"), "a").run(job, 1)
	if want := "7f6ab798-32d8-85a2-8c97-118c28a916e4"; run.IdempotencyKey != want {
		t.Errorf("got %s, expected %s", run.IdempotencyKey, want)
	}
}

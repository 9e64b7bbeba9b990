package jobstream

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/engine"
	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

type email struct{ To string }

func (e email) Validate() error {
	if e.To == "" {
		return errors.New("to: missing")
	}
	return nil
}

func noop(context.Context, *Job[email]) (any, error) { return nil, nil }

func TestRunTellsAllMistakes(t *testing.T) {
	t.Setenv("SHUTDOWN_GRACE_MS", "soon")
	worker := NewWorker(WorkerOptions{Concurrency: -1, AckWait: time.Millisecond, SlotWait: -1})
	Handle(worker, "E-Mail", noop)
	Handle(worker, "email", noop, PayloadSchema(json.RawMessage("{")))
	Handle(worker, "email", noop, Signal("2nd", json.RawMessage("[")))
	err := worker.Run(t.Context())
	for _, mistake := range []string{
		`expected SHUTDOWN_GRACE_MS to be a whole number, got: "soon"`, "to be positive, got: -1", "500 ms to 1 h, got: 1ms",
		"SlotWait (SLOT_WAIT_MS) to be 0 to 1 h, got: -1ns",
		`starting with a letter, got: "E-Mail"`, "schema of a job type to be JSON, got: {", `"email" has two handlers`,
		`expected the name of a signal to be 1 to 64 letters, digits, dashes and underscores, starting with a letter, got: "2nd"`,
		"schema of a job type to be JSON, got: [",
	} {
		if err == nil || !strings.Contains(err.Error(), mistake) {
			t.Errorf("expected %q in: %v", mistake, err)
		}
	}
}

func TestAMisspeltSettingIsWarnedOf(t *testing.T) {
	t.Setenv("WORKER_CONCURENCY", "4")
	written := &strings.Builder{}
	_ = NewWorker(WorkerOptions{Logger: slog.New(slog.NewTextHandler(written, nil))}).Run(t.Context())
	const sentence = "WORKER_CONCURENCY is not a setting and has no effect: is WORKER_CONCURRENCY meant?"
	if !strings.Contains(written.String(), sentence) {
		t.Errorf("expected %q in: %v", sentence, written)
	}
	if got := misspeltVariables([]string{"NATS_ULR=x"}); len(got) != 1 || !strings.Contains(got[0], "is NATS_URL meant?") {
		t.Errorf("got %q", got)
	}
	for _, others := range [][]string{
		{"NATS_TOKEN=x", "NATS_CERT=x", "NATS_HOST=x", "GNATS_URL=x", "WORKER_ID=x", "WORKER_TYPES=x", "=x"},
		{"NATS_URL=nats://here", "NATS_URI=nats://there"},
	} {
		if got := misspeltVariables(others); len(got) > 0 {
			t.Errorf("got %q", got)
		}
	}
}

func TestAWorkerWithoutHandlersDoesNotRun(t *testing.T) {
	if err := NewWorker(WorkerOptions{}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no handlers") {
		t.Errorf("got %v", err)
	}
}

func TestHandleDecodesValidatesAndEncodes(t *testing.T) {
	worker := NewWorker(WorkerOptions{})
	Handle(worker, "email", func(_ context.Context, job *Job[email]) (any, error) {
		switch job.Payload.To {
		case "nobody":
			return nil, nil
		case "loop":
			return make(chan int), nil
		}
		return job.Payload.To, nil
	})
	for payload, want := range map[string]struct{ result, reason string }{
		`{"to": "a"}`:      {result: `"a"`},
		`{"to": "nobody"}`: {},
		`{"to": "loop"}`:   {reason: "unrecoverable"},
		`{"to": 1}`:        {reason: "invalid-payload"},
		`{}`:               {reason: "invalid-payload"},
	} {
		run := &engine.Run{Job: &protocol.Job{Created: protocol.Event{Data: protocol.Data{Payload: json.RawMessage(payload)}}}}
		result, err := worker.types[0].Handler(t.Context(), run)
		reason := ""
		if err != nil {
			reason = classify(err).Reason
		}
		if string(result) != want.result || reason != want.reason {
			t.Errorf("%s: got %s, %v", payload, result, err)
		}
	}
}

func TestErrorsAreKeptAsEveryReaderCanStoreThem(t *testing.T) {
	failure := classify(RetryAfter(errors.New("a\x00b\xff"+strings.Repeat("x", 5000)), time.Minute))
	if failure.RetryAfter != time.Minute || failure.Reason != "" || failure.Error.Name != "jobstream.RetryAfterError" {
		t.Errorf("got %+v", failure)
	}
	if message := failure.Error.Message; !strings.HasPrefix(message, "a\ufffdb\ufffdx") || len([]rune(message)) != messageLimit {
		t.Errorf("got %q", message[:10])
	}
}

type codedError struct{}

func (codedError) Error() string { return "no such mailbox" }
func (codedError) Code() string  { return "550" }

func TestAnErrorHasItsCodeAndAPanicItsStack(t *testing.T) {
	if failure := classify(Unrecoverable(codedError{})); failure.Error.Code != "550" || failure.Error.Stack != "" {
		t.Errorf("got %+v", failure)
	}
	panicked := &engine.PanicError{Value: "nil map", Stack: "goroutine 7\x00" + strings.Repeat("x", 5000)}
	failure := classify(panicked)
	if stack := failure.Error.Stack; !strings.HasPrefix(stack, "goroutine 7\ufffdx") || len([]rune(stack)) != stackLimit {
		t.Errorf("got a stack of %d characters: %.20q", len([]rune(stack)), stack)
	}
	if failure.Error.Message != "panic: nil map" || withoutStack(panicked).Error.Stack != "" {
		t.Errorf("got %+v", failure)
	}
}

func TestAStepThatCannotBeKeptFailsItsJobAndOneThatMayBeLaterDoesNot(t *testing.T) {
	_, misused := Step(t.Context(), "charge", func(context.Context) (int, error) { return 1, nil })
	if failure := classify(misused); failure.Reason != "unrecoverable" || failure.Error.Code != "STEP_MISUSED" {
		t.Errorf("got %+v", failure)
	}
	if failure := classify(&StepError{RetryAfter: time.Minute}); failure.Reason != "" || failure.RetryAfter != time.Minute {
		t.Errorf("got %+v", failure)
	}
}

func TestASignalIsDecodedAndValidatedAsPayloadsAre(t *testing.T) {
	var payload email
	if err := decode(json.RawMessage(`{"To":"a@example.com"}`), &payload); err != nil || payload.To != "a@example.com" {
		t.Errorf("got %v, %v", payload, err)
	}
	for _, wrong := range []string{"{}", "7"} {
		err := engine.InvalidSignal("approved", decode(json.RawMessage(wrong), &email{}))
		if failure := classify(err); failure.Reason != "unrecoverable" || failure.Error.Code != "SIGNAL_INVALID" {
			t.Errorf("got %+v", failure)
		}
	}
}

func TestAWaitNeedsTheContextOfAHandler(t *testing.T) {
	_, came, err := WaitFor[email](t.Context(), "approval", "approved", WaitTimeout(time.Hour), WaitKey("a"))
	if failure := classify(err); came || failure.Error.Code != "STEP_MISUSED" {
		t.Errorf("got %+v", failure)
	}
}

func TestDefaultsAreThoseOfADefinition(t *testing.T) {
	worker := NewWorker(WorkerOptions{})
	Handle(worker, "email", noop, Defaults(MaxAttempts(4), Timeout(time.Minute), FixedBackoff(time.Second), Tags("a")))
	Handle(worker, "sms", noop)
	if got := string(worker.types[0].Defaults); got != `{"maxAttempts":4,"timeoutMs":60000,"backoff":{"delayMs":1000,"type":"fixed"}}` {
		t.Errorf("got %s", got)
	}
	if got := worker.types[1].Defaults; got != nil {
		t.Errorf("got %s", got)
	}
}

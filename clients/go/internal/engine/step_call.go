package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

const (
	longestStepWait  = 30 * time.Second
	mostStepAttempts = 100
	longestStepName  = 128
)

// StepRun is what the function of a step is told about its run.
type StepRun struct {
	Name string
	// Key is empty for a step without one.
	Key string
	// Attempt is 1 for the first run of the step in this attempt of its job.
	Attempt int
	// IdempotencyKey is a UUID that is the same in every run of this step of this job, and another one for each other step, job,
	// and payload that the job is given. Send it to systems that recognise repeated requests by such a key.
	IdempotencyKey string
}

// StepCall is what a handler asks for when it runs a step.
type StepCall struct {
	Name        string
	Key         *string
	MaxAttempts int
	Backoff     protocol.Backoff
	Work        func(context.Context) (any, error)
}

// NewStepCall returns a step that is run once in an attempt.
func NewStepCall(name string, work func(context.Context) (any, error)) StepCall {
	longest := float64(longestStepWait.Milliseconds())
	backoff := protocol.Backoff{Type: "exponential", DelayMs: 1_000, MaxDelayMs: longest, Jitter: 0.2}
	return StepCall{Name: name, MaxAttempts: 1, Backoff: backoff, Work: work}
}

func (c StepCall) id() string { return protocol.Step{Name: c.Name, Key: c.Key}.ID() }

// title is how the step is called in messages.
func (c StepCall) title() string {
	if c.Key == nil {
		return fmt.Sprintf("the step '%s'", c.Name)
	}
	return fmt.Sprintf("the step '%s' with the key '%s'", c.Name, *c.Key)
}

// check returns what makes no sense.
func (c StepCall) check() error {
	longest := longestStepWait.Milliseconds()
	switch {
	case !isStepName(c.Name):
		return misused("the name of a step must have 1 to 128 characters, and no control characters")
	case c.Key != nil && !isStepName(*c.Key):
		return misused(fmt.Sprintf("the key of the step '%s' must have 1 to 128 characters, and no control characters", c.Name))
	case c.MaxAttempts < 1 || c.MaxAttempts > mostStepAttempts:
		return misused(fmt.Sprintf("the attempts of %s must be 1 to %d", c.title(), mostStepAttempts))
	case c.Backoff.DelayMs < 0 || c.Backoff.DelayMs > float64(longest):
		return misused(fmt.Sprintf("%s may wait from 0 to %d ms before it is run again", c.title(), longest))
	}
	return nil
}

func isStepName(name string) bool {
	length := utf8.RuneCountInString(name)
	return length >= 1 && length <= longestStepName && utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsControl)
}

// run is what its function is told: the key is the same in every attempt, a UUID of version 8.
func (c StepCall) run(job *protocol.Job, attempt int) StepRun {
	run := StepRun{Name: c.Name, Attempt: attempt}
	if c.Key != nil {
		run.Key = *c.Key
	}
	lines := []string{job.Created.JobID, strconv.Itoa(job.Generation), c.Name, run.Key}
	digest := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	digest[6], digest[8] = digest[6]&0x0f|0x80, digest[8]&0x3f|0x80
	digits := hex.EncodeToString(digest[:16])
	run.IdempotencyKey = strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
	return run
}

// StepError says why a step was not run, or cannot be recorded.
type StepError struct {
	code, message string
	// RetryAfter is how long the job waits until the step may be run; zero if no other attempt can help.
	RetryAfter time.Duration
}

func (e *StepError) Error() string { return e.message }

// Code is STEP_MISUSED, STEP_RESULTS_TOO_LARGE, RESULT_NOT_JSON, SIGNAL_INVALID or UPGRADE_UNFINISHED.
func (e *StepError) Code() string { return e.code }

// misused says that the handler is wrong, and is so in each attempt.
func misused(message string) error { return &StepError{code: "STEP_MISUSED", message: message} }

// tooLarge says that work is done and cannot be recorded: a retry would only do it again.
func tooLarge(message string) error {
	return &StepError{code: "STEP_RESULTS_TOO_LARGE", message: message}
}

// InvalidSignal says that the payload of a signal is not what the handler takes.
func InvalidSignal(name string, cause error) error {
	return &StepError{code: "SIGNAL_INVALID", message: fmt.Sprintf("the payload of the signal '%s' is invalid: %v", name, cause)}
}

type stepRunKey struct{}

// CurrentStep returns the run of the step whose function has this context; false outside of one.
func CurrentStep(ctx context.Context) (StepRun, bool) {
	run, within := ctx.Value(stepRunKey{}).(StepRun)
	return run, within
}

type stepsKey struct{}

// RunStep returns the result of a step as JSON, after its work if that has none yet. The context is that of a handler.
func RunStep(ctx context.Context, call StepCall) ([]byte, error) {
	steps, within := ctx.Value(stepsKey{}).(*steps)
	if !within {
		return nil, misused("a step needs the context that the handler was given")
	}
	return steps.run(ctx, call)
}

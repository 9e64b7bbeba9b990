package jobstream

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/engine"
	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

// StepRun is what the function of a step is told about its run: see CurrentStep.
type StepRun = engine.StepRun

// StepError says why a step was not run, or cannot be recorded. Its Code is STEP_MISUSED, STEP_RESULTS_TOO_LARGE,
// RESULT_NOT_JSON, SIGNAL_INVALID or UPGRADE_UNFINISHED.
type StepError = engine.StepError

// StepOption changes how a step is run.
type StepOption func(*engine.StepCall)

// StepKey tells the steps apart that a loop runs under one name: 1 to 128 characters without control characters.
func StepKey(key string) StepOption {
	return func(call *engine.StepCall) { call.Key = &key }
}

// StepMaxAttempts is how often the step is run within this attempt of its job while it fails, from 1 to 100; default 1.
func StepMaxAttempts(attempts int) StepOption {
	return func(call *engine.StepCall) { call.MaxAttempts = attempts }
}

// StepFixedBackoff makes a step wait for the same time before it is run again, at most 30 s; default StepExponentialBackoff
// from 1 s to 30 s. The slot stays taken meanwhile.
func StepFixedBackoff(delay time.Duration) StepOption {
	return func(call *engine.StepCall) {
		call.Backoff = protocol.Backoff{Type: "fixed", DelayMs: float64(delay.Milliseconds())}
	}
}

// StepExponentialBackoff makes a step wait for a time that doubles, up to a limit, and at most 30 s.
func StepExponentialBackoff(delay, longest time.Duration) StepOption {
	return func(call *engine.StepCall) {
		call.Backoff.Type, call.Backoff.DelayMs = "exponential", float64(delay.Milliseconds())
		call.Backoff.MaxDelayMs = float64(longest.Milliseconds())
	}
}

// CurrentStep returns what the function of a step is told about its run, such as its idempotency key. The context is the one
// that the function was given; outside of a step the run is empty.
func CurrentStep(ctx context.Context) StepRun {
	run, _ := engine.CurrentStep(ctx)
	return run
}

// Step runs a piece of work once for the job: later attempts get the recorded result without running it again. The context
// is that of the handler, or one made of it.
//
//	charge, err := jobstream.Step(ctx, "charge", func(ctx context.Context) (Charge, error) {
//		return psp.Charge(ctx, order, jobstream.CurrentStep(ctx).IdempotencyKey)
//	})
//
// The name, of 1 to 128 characters, tells the steps of a job apart, and must not be used twice in an attempt; in a loop give
// each its StepKey. The result is JSON of at most 256 KB, and what JSON makes of it, in this attempt as in later ones.
//
// An error of the work, or a panic, is recorded and returned, and the step runs again in the next attempt. Steps may run at
// once; the attempt ends when all have ended that it began. A *StepError with the code STEP_RESULTS_TOO_LARGE, beyond 1,000
// steps or 512 KB of results, fails the job even if the handler does not return it.
func Step[Result any](
	ctx context.Context, name string, work func(context.Context) (Result, error), options ...StepOption,
) (Result, error) {
	var result Result
	call := engine.NewStepCall(name, func(ctx context.Context) (any, error) { return work(ctx) })
	for _, option := range options {
		option(&call)
	}
	text, err := engine.RunStep(ctx, call)
	if err != nil || text == nil {
		return result, err
	}
	if err := json.Unmarshal(text, &result); err != nil {
		return result, fmt.Errorf("the recorded result of the step '%s' is no %T: %w", name, result, err)
	}
	return result, nil
}

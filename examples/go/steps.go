package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	jobstream "github.com/jobstream/jobstream/clients/go"
)

// step is a step that the handler is to run.
type step struct {
	Name  string
	Key   *string
	Fail  int
	Tries int
	Ms    int
	Bytes *int

	SleepMs    *int
	SleepUntil *time.Time

	Signal    string
	TimeoutMs *int
}

// approval is the payload of the signal "approved".
type approval struct {
	By string `json:"by"`
}

var approvalSchema = json.RawMessage(`{"type": "object", "required": ["by"], "properties": {"by": {"type": "string"}}}`)

// stepsRun is what has become of the steps of an attempt.
type stepsRun struct {
	mutex   sync.Mutex
	Ran     []string `json:"ran"`
	Results []any    `json:"results"`
}

func runSteps(ctx context.Context, job *jobstream.Job[Command]) (any, error) {
	var steps []step
	if err := json.Unmarshal(job.Payload.Steps, &steps); err != nil {
		return nil, err
	}
	run := &stepsRun{Ran: []string{}, Results: make([]any, len(steps))}
	failures := make([]error, len(steps))
	var together sync.WaitGroup
	for index, step := range steps {
		runOne := func() { run.Results[index], failures[index] = runStep(ctx, step, job.Attempt, run) }
		if job.Payload.Together {
			together.Go(runOne)
		} else if runOne(); failures[index] != nil && !job.Payload.Swallow {
			return nil, failures[index]
		}
	}
	together.Wait()
	if err := errors.Join(failures...); err != nil && !job.Payload.Swallow {
		return nil, err
	}
	if job.Attempt <= job.Payload.Fail {
		return nil, fmt.Errorf("told to fail, attempt %d of %d", job.Attempt, job.Payload.Fail)
	}
	return run, nil
}

func runStep(ctx context.Context, step step, attempt int, run *stepsRun) (any, error) {
	if step.SleepMs != nil || step.SleepUntil != nil {
		return nil, sleep(ctx, step)
	}
	if step.Signal == "approved" {
		return waitFor[approval](ctx, step)
	} else if step.Signal != "" {
		return waitFor[any](ctx, step)
	}
	tries := max(step.Tries, 1)
	options := []jobstream.StepOption{
		jobstream.StepMaxAttempts(tries), jobstream.StepFixedBackoff(10 * time.Millisecond),
	}
	title := step.Name
	if step.Key != nil {
		options = append(options, jobstream.StepKey(*step.Key))
		title += "/" + *step.Key
	}
	return jobstream.Step(ctx, step.Name, func(ctx context.Context) (any, error) {
		run.mutex.Lock()
		run.Ran = append(run.Ran, title)
		run.mutex.Unlock()
		select {
		case <-time.After(time.Duration(step.Ms) * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		current := jobstream.CurrentStep(ctx)
		if attempt <= step.Fail || current.Attempt < tries {
			return nil, errors.New("told to fail")
		}
		if step.Bytes != nil {
			return strings.Repeat("x", *step.Bytes), nil
		}
		return map[string]any{"attempt": attempt, "try": current.Attempt, "idempotencyKey": current.IdempotencyKey}, nil
	}, options...)
}

// waitFor returns nil when the time limit is over.
func waitFor[Payload any](ctx context.Context, step step) (any, error) {
	var options []jobstream.WaitOption
	if step.Key != nil {
		options = append(options, jobstream.WaitKey(*step.Key))
	}
	if step.TimeoutMs != nil {
		options = append(options, jobstream.WaitTimeout(time.Duration(*step.TimeoutMs)*time.Millisecond))
	}
	payload, came, err := jobstream.WaitFor[Payload](ctx, step.Name, step.Signal, options...)
	if err != nil || !came {
		return nil, err
	}
	return payload, nil
}

func sleep(ctx context.Context, step step) error {
	var options []jobstream.SleepOption
	if step.Key != nil {
		options = append(options, jobstream.SleepKey(*step.Key))
	}
	if step.SleepUntil != nil {
		return jobstream.SleepUntil(ctx, step.Name, *step.SleepUntil, options...)
	}
	return jobstream.Sleep(ctx, step.Name, time.Duration(*step.SleepMs)*time.Millisecond, options...)
}

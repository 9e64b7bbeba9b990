// Command worker runs the test job of the conformance kit: see docs/worker-protocol.md. Your own handlers look like this
// one.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	jobstream "github.com/jobstream/jobstream/clients/go"
)

// Command is the payload: what the handler is to do.
type Command struct {
	Do                string
	Result            json.RawMessage
	Times, Ms         *int
	Steps             json.RawMessage // how many, or which
	Fail              int
	Together, Swallow bool
}

// Validate refuses what docs/worker-protocol.md does not list.
func (c Command) Validate() error {
	needs := map[string]bool{"succeed": true, "fail": c.Times != nil, "reject": true, "sleep": c.Ms != nil, "progress": isNumber(c.Steps), "steps": isList(c.Steps)}
	if !needs[c.Do] {
		return errors.New("expected one of the things that docs/worker-protocol.md lists")
	}
	return nil
}

func isNumber(text json.RawMessage) bool { return json.Unmarshal(text, new(int)) == nil }

func isList(text json.RawMessage) bool { return json.Unmarshal(text, new([]step)) == nil }

func conformance(ctx context.Context, job *jobstream.Job[Command]) (any, error) {
	switch command := job.Payload; command.Do {
	case "succeed":
		if command.Result == nil {
			return nil, nil
		}
		return command.Result, nil
	case "fail":
		if job.Attempt <= *command.Times {
			return nil, fmt.Errorf("told to fail, attempt %d of %d", job.Attempt, *command.Times)
		}
		return map[string]int{"attempt": job.Attempt}, nil
	case "sleep":
		select {
		case <-time.After(time.Duration(*command.Ms) * time.Millisecond):
			return map[string]int{"sleptMs": *command.Ms}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	case "progress":
		var steps int
		if err := json.Unmarshal(command.Steps, &steps); err != nil {
			return nil, err
		}
		for step := range steps {
			job.Progress(float64((step+1)*100)/float64(steps), "")
		}
		return nil, nil
	case "steps":
		return runSteps(ctx, job)
	}
	return nil, jobstream.Unrecoverable(errors.New("told to reject"))
}

var schema = json.RawMessage(`{
	"type": "object",
	"required": ["do"],
	"properties": {
		"do": {"enum": ["succeed", "fail", "reject", "sleep", "progress", "steps"]},
		"times": {"type": "integer"},
		"ms": {"type": "integer"},
		"steps": {"type": ["integer", "array"]}
	},
	"allOf": [
		{"if": {"properties": {"do": {"const": "fail"}}}, "then": {"required": ["times"]}},
		{"if": {"properties": {"do": {"const": "sleep"}}}, "then": {"required": ["ms"]}},
		{"if": {"properties": {"do": {"const": "progress"}}}, "then": {"required": ["steps"]}},
		{"if": {"properties": {"do": {"const": "steps"}}}, "then": {"required": ["steps"]}}
	]
}`)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	worker := jobstream.NewWorker(jobstream.WorkerOptions{Name: "example-go"})
	jobstream.Handle(worker, "conformance", conformance, jobstream.PayloadSchema(schema),
		jobstream.Signal("approved", approvalSchema), jobstream.Signal("note", nil),
		jobstream.Defaults(jobstream.MaxAttempts(3), jobstream.Timeout(time.Minute)))
	if err := worker.Run(ctx); err != nil {
		slog.Error(err.Error())
		os.Exit(1)
	}
}

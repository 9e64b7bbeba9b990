package jobstream

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/engine"
)

// WaitOption changes how long a wait lasts, or what it is called.
type WaitOption func(*engine.WaitCall)

// WaitTimeout is how long WaitFor waits at most, up to 366 days; without it, it waits for ever.
func WaitTimeout(limit time.Duration) WaitOption {
	return func(call *engine.WaitCall) { call.Timeout = &limit }
}

// WaitKey tells the waits apart that a loop begins under one name: 1 to 128 characters without control characters.
func WaitKey(key string) WaitOption {
	return func(call *engine.WaitCall) { call.Key = &key }
}

// WaitFor waits until the job is sent a signal, without a slot and without a worker, and returns its payload. It is false when the time
// limit is over and no signal has come. The context is that of the handler, or one made of it.
//
//	approval, came, err := jobstream.WaitFor[Approval](ctx, "approval", "approved", jobstream.WaitTimeout(72*time.Hour))
//	if err != nil {
//		return nil, err
//	}
//
// The name is that of a step, whose result is the payload: so each signal is read once, the oldest first that no step has read. The signal
// is one that Handle was given by the option Signal. One that has come before is read at once; where none is there, WaitFor returns
// ErrSuspended once no step runs, as a long Sleep does, and the attempt goes on in another run.
//
// A *StepError with the code STEP_MISUSED is for a wait within the work of a step, for a name that was used before, and for a signal that
// jobs of the type do not take; one with SIGNAL_INVALID for a payload that is no Payload: it
// fails the job even if the handler does not return it.
func WaitFor[Payload any](ctx context.Context, name, signal string, options ...WaitOption) (payload Payload, came bool, err error) {
	call := engine.WaitCall{Name: name, Signal: signal, Decode: func(text json.RawMessage) error {
		var decoded Payload
		err := decode(text, &decoded)
		payload = decoded
		return err
	}}
	for _, option := range options {
		option(&call)
	}
	came, err = engine.WaitFor(ctx, call)
	return payload, came && err == nil, err
}

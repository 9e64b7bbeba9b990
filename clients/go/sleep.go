package jobstream

import (
	"context"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/engine"
)

// ErrSuspended is what Sleep, SleepUntil and WaitFor return when the attempt has to wait without a worker. A handler passes it on, as it is
// or wrapped; one that does not changes nothing but that an error is logged.
var ErrSuspended = engine.ErrSuspended

// SleepOption changes what a sleep is called.
type SleepOption func(*engine.SleepCall)

// SleepKey tells the sleeps apart that a loop begins under one name: 1 to 128 characters without control characters.
func SleepKey(key string) SleepOption {
	return func(call *engine.SleepCall) { call.Key = &key }
}

// Sleep waits for a while, at most 366 days, without a slot and without a worker if it is long. The context is that of the handler, or one made of it.
//
//	if err := jobstream.Sleep(ctx, "trial", 14*24*time.Hour); err != nil {
//		return nil, err
//	}
//
// The name is that of a step, whose result is the end of the sleep: so it is begun once for the job, and a later attempt sleeps for
// what is left. Where that is more than the SlotWait of the worker, Sleep returns ErrSuspended once no step runs. When the sleep is
// over, the attempt goes on in another run, which runs the handler from its beginning and finds its steps. Waits do not count for the
// timeout of the job.
//
// A *StepError with the code STEP_MISUSED is for a sleep within the work of a step, and for a name that was used before.
func Sleep(ctx context.Context, name string, duration time.Duration, options ...SleepOption) error {
	return sleep(ctx, engine.SleepCall{Name: name, For: duration}, options)
}

// SleepUntil is as Sleep, until an instant. It is over at once if that has passed.
func SleepUntil(ctx context.Context, name string, at time.Time, options ...SleepOption) error {
	return sleep(ctx, engine.SleepCall{Name: name, Until: at}, options)
}

func sleep(ctx context.Context, call engine.SleepCall, options []SleepOption) error {
	for _, option := range options {
		option(&call)
	}
	return engine.Sleep(ctx, call)
}

package jobstream

import (
	"context"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/engine"
)

// ErrSuspended is what Sleep and SleepUntil return when the attempt has to wait without a worker. A handler passes it on, as it is
// or wrapped; one that does not changes nothing but that an error is logged.
var ErrSuspended = engine.ErrSuspended

// Sleep waits, for months if need be, without a slot and without a worker. The context is that of the handler, or one made of it.
//
//	if err := jobstream.Sleep(ctx, "trial", 14*24*time.Hour); err != nil {
//		return nil, err
//	}
//
// The name is that of a step, whose result is the instant at which the sleep ends: so it begins once for the job, and Sleep returns
// at once when it is over. Where more is left than the SlotWait of the worker, Sleep returns ErrSuspended. When the sleep is over,
// the same attempt goes on in another run, which runs the handler from its beginning and finds its steps. Waits do not count for
// the timeout of the job.
//
// A *StepError with the code STEP_MISUSED is for a sleep within the work of a step, and for a name that was used before.
func Sleep(ctx context.Context, name string, duration time.Duration) error {
	return engine.Sleep(ctx, engine.SleepCall{
		Name: name, EndFrom: func(now time.Time) time.Time { return now.Add(duration) },
	})
}

// SleepUntil is as Sleep, until an instant.
func SleepUntil(ctx context.Context, name string, at time.Time) error {
	return engine.Sleep(ctx, engine.SleepCall{Name: name, EndFrom: func(time.Time) time.Time { return at }})
}

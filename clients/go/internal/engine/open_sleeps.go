package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// ErrSuspended is what a sleep or a wait returns that ends this run of its handler.
var ErrSuspended = errors.New("the attempt ends here for now: its handler is run again from its beginning when the sleep or the wait is over")

// settleTime is how long what follows on a step that has ended may take to begin.
const settleTime = 50 * time.Millisecond

// openSleeps lets short sleeps keep their slot. A longer one, or a wait for a signal, ends the run, once nothing else of it is being done:
// all that sleep and wait are interrupted.
type openSleeps struct {
	slotWait time.Duration
	now      func() time.Time
	timesOut time.Time // when the attempt does; the zero value for never

	mutex       sync.Mutex
	busy        int // how much is being done that a run waits for
	open        map[*openSleep]bool
	idle        *time.Timer
	over        bool
	suspended   *suspension   // for what the attempt waits, if it was interrupted
	interrupted chan struct{} // closed then
	ended       chan struct{} // closed when the handler has ended
}

// openSleep is a sleep, or a wait for a signal, which may have no end.
type openSleep struct {
	end    time.Time
	signal string // empty for a sleep
}

// suspension is for what an attempt waits: a time, and the names of the signals by which it is called earlier.
type suspension struct {
	until   time.Time
	signals []string
}

func newOpenSleeps(slotWait time.Duration, now func() time.Time, timesOut time.Time) *openSleeps {
	return &openSleeps{
		slotWait: slotWait, now: now, timesOut: timesOut, open: map[*openSleep]bool{},
		interrupted: make(chan struct{}), ended: make(chan struct{}),
	}
}

// keepsSlot tells whether a sleep is short enough. It counts for the time-out of the attempt, so it leaves half of that.
func (o *openSleeps) keepsSlot(end time.Time) bool {
	now, limit := o.now(), o.slotWait
	if !o.timesOut.IsZero() {
		limit = min(limit, o.timesOut.Sub(now)/2)
	}
	return end.Sub(now) <= limit
}

// beginWork is for what must be done before anything is interrupted; endWork must follow.
func (o *openSleeps) beginWork() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.busy++
}

func (o *openSleeps) endWork() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.busy--
	o.look()
}

// wait returns at the end of a sleep; ErrSuspended when it is interrupted.
func (o *openSleeps) wait(ctx context.Context, end time.Time) error {
	left := end.Sub(o.now())
	switch {
	case left <= 0:
		return nil
	case o.keepsSlot(end):
		o.beginWork()
		defer o.endWork()
		return pause(ctx, left)
	}
	return o.waitLong(ctx, openSleep{end: end})
}

// waitLong returns at the end of a sleep, or of the time limit of a wait, if the run lasts so long; ErrSuspended when it is interrupted.
func (o *openSleeps) waitLong(ctx context.Context, open openSleep) error {
	leave := o.enter(&open)
	defer leave()
	left := longestSleep
	if !open.end.IsZero() {
		left = open.end.Sub(o.now())
	}
	timer := time.NewTimer(left) // should what else is being done take as long
	defer timer.Stop()
	select {
	case <-o.interrupted:
		return ErrSuspended
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-o.ended:
		return errStepsOver
	}
}

func (o *openSleeps) enter(sleep *openSleep) (leave func()) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.open[sleep] = true
	o.look()
	return func() {
		o.mutex.Lock()
		defer o.mutex.Unlock()
		delete(o.open, sleep)
	}
}

// end tells that the handler has ended: what still sleeps does not matter any more.
func (o *openSleeps) end() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if !o.over {
		o.over = true
		close(o.ended)
	}
}

// suspension tells for what the attempt waits; false if it was not interrupted.
func (o *openSleeps) suspension() (suspension, bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.suspended == nil {
		return suspension{}, false
	}
	return *o.suspended, true
}

// look interrupts the run soon if nothing is done until then. The mutex must be held.
func (o *openSleeps) look() {
	if o.idle != nil {
		o.idle.Stop()
	}
	if o.mayInterrupt() {
		o.idle = time.AfterFunc(settleTime, o.interrupt)
	}
}

func (o *openSleeps) mayInterrupt() bool {
	return o.busy == 0 && len(o.open) > 0 && !o.over && o.suspended == nil
}

func (o *openSleeps) interrupt() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if !o.mayInterrupt() {
		return
	}
	waits := suspension{until: o.now().Add(longestSleep).UTC().Truncate(time.Millisecond)}
	for open := range o.open {
		if !open.end.IsZero() && open.end.Before(waits.until) {
			waits.until = open.end
		}
		if open.signal != "" && !slices.Contains(waits.signals, open.signal) {
			waits.signals = append(waits.signals, open.signal)
		}
	}
	slices.Sort(waits.signals)
	o.suspended = &waits
	close(o.interrupted)
}

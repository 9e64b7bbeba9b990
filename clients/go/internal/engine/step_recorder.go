package engine

import (
	"sync"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

// stepRecorder appends the steps of one attempt that have ended: one event after the other, and those that end meanwhile
// share the next.
type stepRecorder struct {
	append func([]protocol.Step) error

	mutex   sync.Mutex
	waiting []protocol.Step
	next    *appended
	running bool
	idle    sync.WaitGroup
}

// appended is an event that steps share.
type appended struct {
	done chan struct{}
	err  error
}

// record returns once the step is in the log, or has failed to be.
func (r *stepRecorder) record(step protocol.Step) error {
	r.mutex.Lock()
	r.waiting = append(r.waiting, step)
	if r.next == nil {
		r.next = &appended{done: make(chan struct{})}
	}
	mine := r.next
	if !r.running {
		r.running = true
		r.idle.Go(r.appendAll)
	}
	r.mutex.Unlock()
	<-mine.done
	return mine.err
}

// finish waits until what was given is appended, or has failed to be. Nothing may be given afterwards.
func (r *stepRecorder) finish() { r.idle.Wait() }

func (r *stepRecorder) appendAll() {
	for steps, event := r.take(); event != nil; steps, event = r.take() {
		event.err = r.append(steps)
		close(event.done)
	}
}

func (r *stepRecorder) take() ([]protocol.Step, *appended) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	steps, event := r.waiting, r.next
	r.waiting, r.next, r.running = nil, nil, event != nil
	return steps, event
}

package engine

import (
	"sync"
	"time"

	"github.com/jobstream/jobstream/clients/go/internal/protocol"
)

// progressPause is between two reports of one job, so that a handler that reports in a loop does not fill the log.
const progressPause = 250 * time.Millisecond

// reporter appends the reports of one attempt: one at a time, and of those that come meanwhile the last one.
type reporter struct {
	append    func(protocol.Data) error
	onFailure func(error)
	appending sync.WaitGroup
	ended     chan struct{}

	mutex    sync.Mutex
	next     *protocol.Data
	running  bool
	finished bool
}

func newReporter(append func(protocol.Data) error, onFailure func(error)) *reporter {
	return &reporter{append: append, onFailure: onFailure, ended: make(chan struct{})}
}

func (r *reporter) report(data protocol.Data) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.finished {
		return
	}
	r.next = &data
	if !r.running {
		r.running = true
		r.appending.Go(r.appendAll)
	}
}

// finish waits until the last report is appended, if there is one. Later ones are ignored.
func (r *reporter) finish() {
	r.mutex.Lock()
	r.finished = true
	r.mutex.Unlock()
	close(r.ended)
	r.appending.Wait()
}

func (r *reporter) appendAll() {
	for data := r.take(); data != nil; data = r.take() {
		if err := r.append(*data); err != nil {
			r.giveUp()
			r.onFailure(err)
			return
		}
		select {
		case <-r.ended:
		case <-time.After(progressPause):
		}
	}
}

func (r *reporter) take() *protocol.Data {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	data := r.next
	r.next, r.running = nil, data != nil
	return data
}

func (r *reporter) giveUp() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.finished = true
}

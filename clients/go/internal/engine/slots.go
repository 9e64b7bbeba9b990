package engine

import (
	"sync"
	"time"
)

// lane is what is known of the jobs of one priority.
type lane struct {
	weight  float64
	turn    float64             // when its next start is due, in starts for each one of weight
	waiting []chan struct{}     // the messages here that have no slot yet
	more    map[string]struct{} // the consumers where more of it waited when their last message came
}

func (l *lane) hasJobs() bool { return len(l.waiting) > 0 || len(l.more) > 0 }

// slots are those of a job type, which jobs of three priorities share.
//
// While jobs of each wait, 16 of 21 starts are of high, 4 of normal and 1 of low priority: a free slot goes to the priority
// that has had the fewest starts for its weight. Of one whose consumer has more, but no message here yet, the slot waits for
// the next message, 25 ms at most. Jobs of one priority begin in the order in which they came. A priority of which no job
// waits takes part in nothing: without jobs of high priority the others have all slots, and nobody saves up turns.
//
// The worker holds what it held before there were priorities: for each consumer one message more than it has slots.
type slots struct {
	mutex   sync.Mutex
	free    int
	lanes   []*lane // high, normal, low
	now     float64
	waiting bool // for the next message of a lane
	// patience is how long a slot waits for the next message of a priority whose turn it is: other workers may have taken it.
	patience time.Duration
}

func newSlots(count int) *slots {
	lanes := []*lane{{weight: 16}, {weight: 4}, {weight: 1}}
	for _, lane := range lanes {
		lane.more = map[string]struct{}{}
	}
	return &slots{free: count, lanes: lanes, patience: 25 * time.Millisecond}
}

func (s *slots) of(priority string) *lane {
	switch priority {
	case "high":
		return s.lanes[0]
	case "low":
		return s.lanes[2]
	}
	return s.lanes[1]
}

// acquire waits for the turn of a message, behind which so many wait in its consumer.
func (s *slots) acquire(priority, consumer string, pending uint64) {
	<-s.queue(priority, consumer, pending)
}

// queue returns a channel that is closed when it is the turn of the message.
func (s *slots) queue(priority, consumer string, pending uint64) <-chan struct{} {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	lane := s.of(priority)
	if !lane.hasJobs() {
		lane.turn = max(lane.turn, s.now)
	}
	if pending > 0 {
		lane.more[consumer] = struct{}{}
	} else {
		delete(lane.more, consumer)
	}
	turn := make(chan struct{})
	lane.waiting = append(lane.waiting, turn)
	s.grant()
	return turn
}

func (s *slots) release() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.free++
	s.grant()
}

// grant gives the free slots to those whose turn it is. The mutex is locked.
func (s *slots) grant() {
	for s.free > 0 && s.isWanted() {
		lane := s.next()
		if len(lane.waiting) == 0 {
			s.waitFor(lane)
			return
		}
		s.free--
		s.now = lane.turn
		lane.turn += 1 / lane.weight
		close(lane.waiting[0])
		lane.waiting = lane.waiting[1:]
	}
}

func (s *slots) isWanted() bool {
	for _, lane := range s.lanes {
		if len(lane.waiting) > 0 {
			return true
		}
	}
	return false
}

// next is the lane whose turn it is, of those that have jobs.
func (s *slots) next() *lane {
	var next *lane
	for _, lane := range s.lanes {
		if lane.hasJobs() && (next == nil || lane.turn < next.turn) {
			next = lane
		}
	}
	return next
}

func (s *slots) waitFor(lane *lane) {
	if s.waiting {
		return
	}
	s.waiting = true
	turn := lane.turn
	time.AfterFunc(s.patience, func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.waiting = false
		if lane.turn == turn && len(lane.waiting) == 0 {
			clear(lane.more)
		}
		s.grant()
	})
}

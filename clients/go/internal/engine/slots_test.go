package engine

import (
	"maps"
	"testing"
	"time"
)

const many = 1_000

// line has the messages of consumers that wait for a slot, one of each priority at a time, as the worker takes them.
type line struct {
	slots  *slots
	behind map[string]uint64 // what waits in the consumer of each priority
	here   map[string]<-chan struct{}
}

// newLine has no free slot until one is released.
func newLine(behind map[string]uint64) *line {
	return &line{slots: newSlots(0), behind: behind, here: map[string]<-chan struct{}{}}
}

// fill lets each consumer deliver a message if there is none of it here.
func (l *line) fill() {
	for priority, behind := range l.behind {
		if _, waits := l.here[priority]; waits || behind == 0 {
			continue
		}
		l.behind[priority]--
		l.here[priority] = l.slots.queue(priority, priority, behind-1)
	}
}

// starts ends so many jobs one after the other, and counts what starts in their places.
func (l *line) starts(count int) map[string]int {
	started := map[string]int{}
	for range count {
		l.fill()
		l.slots.release()
		for priority, turn := range l.here {
			select {
			case <-turn:
				delete(l.here, priority)
				started[priority]++
			default:
			}
		}
	}
	return started
}

func TestStartsAreSharedByWeightWhileJobsOfEachPriorityWait(t *testing.T) {
	line := newLine(map[string]uint64{"high": many, "": many, "low": many})
	if got, want := line.starts(210), (map[string]int{"high": 160, "": 40, "low": 10}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestOnePriorityHasAllSlotsAndSavesUpNothingForTheOthers(t *testing.T) {
	line := newLine(map[string]uint64{"low": many})
	if got, want := line.starts(50), (map[string]int{"low": 50}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	line.behind["high"] = many
	if got, want := line.starts(35), (map[string]int{"high": 33, "low": 2}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestASlotWaitsForTheNextMessageOfThePriorityWhoseTurnItIs(t *testing.T) {
	slots := newSlots(3)
	slots.patience = time.Hour
	slots.acquire("high", "high", many)
	slots.acquire("low", "low", 0)
	low := slots.queue("low", "low", 0)
	high := slots.queue("high", "high", many)
	select {
	case <-low:
		t.Error("expected the slot to be of high priority")
	case <-high:
	}
}

func TestASlotDoesNotWaitForWhatOtherWorkersHaveTaken(t *testing.T) {
	slots := newSlots(3)
	slots.acquire("high", "high", many)
	slots.acquire("low", "low", 0)
	slots.acquire("low", "low", 0)
}

func TestJobsOfOnePriorityBeginInTheirOrder(t *testing.T) {
	slots := newSlots(0)
	first, second := slots.queue("low", "one", 0), slots.queue("low", "other", 0)
	slots.release()
	select {
	case <-second:
		t.Error("expected the first to begin")
	case <-first:
	}
}

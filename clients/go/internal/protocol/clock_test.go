package protocol

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func TestReachedIsBehindNowByWhatTheMeasurementMayBeWrong(t *testing.T) {
	clock := &ServerClock{server: now, measured: time.Now(), inexact: 400 * time.Millisecond}
	if reached := clock.Reached(); reached.After(clock.Now().Add(-399 * time.Millisecond)) {
		t.Errorf("got %v at %v", reached, clock.Now())
	}
}

func TestReachedIsFurtherBehindTheLongerAgoTheMeasurementWas(t *testing.T) {
	clock := &ServerClock{server: now, measured: time.Now().Add(-time.Minute)}
	if reached := clock.Reached(); reached.After(clock.Now().Add(-59 * time.Millisecond)) {
		t.Errorf("got %v at %v", reached, clock.Now())
	}
}

// wakeUp is a timer for `now` on its subject.
type wakeUp struct{ jetstream.Msg }

func (wakeUp) Subject() string { return "timers.due.email" }
func (wakeUp) Data() []byte {
	return []byte(`{"jobId":"` + testJob + `","jobType":"email","at":"2026-01-31T09:30:00.000Z"}`)
}

func TestATimerThatFiredEarlyWaitsUntilItsTimeIsReached(t *testing.T) {
	for reached, wait := range map[time.Duration]time.Duration{-time.Second: time.Second + doubt, -time.Hour: 20*time.Second + doubt, 0: 0} {
		call, err := Call{Msg: wakeUp{}, Delivery: 2}.asTimer(now.Add(-20*time.Second), now.Add(reached))
		if err != nil || call.Wait != wait || call.Delivery != 1 || !call.FiredFor.Equal(now) {
			t.Errorf("reached %v: got %+v, %v", reached, call, err)
		}
	}
	call, err := Call{Msg: wakeUp{}, Delivery: 2}.asTimer(now, now.Add(-time.Hour))
	if err != nil || call.Wait != 0 || call.Delivery != 2 {
		t.Errorf("in time: got %+v, %v", call, err)
	}
}

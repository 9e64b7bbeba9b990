package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// lookForLanesEvery is how often the consumers of priorities and signals are looked for although the server has told of none.
const lookForLanesEvery = time.Minute

// watchLanes finds the consumers of the other priorities and of signals, which exist from the type's first such event on, and calls found once
// for each. The server tells of a new consumer; that can be lost, so it looks again after each reconnect, and each minute.
// It returns when all are found, and when the context ends.
func (r *runner) watchLanes(ctx context.Context, found func(source, deliveries)) {
	missing := lateLanes()
	for _, lane := range missing {
		for _, from := range r.sourcesOf(lane) {
			subject := "$JS.EVENT.ADVISORY.CONSUMER.CREATED." + from.stream + "." + from.config.Durable
			hints, err := r.engine.NC.Subscribe(subject, func(*nats.Msg) { r.lookForLanes() })
			if err != nil {
				r.log.Warn("the server cannot tell of new consumers", "error", err)
				continue
			}
			defer hints.Unsubscribe()
		}
	}
	every := time.NewTicker(lookForLanesEvery)
	defer every.Stop()
	for {
		missing = slices.DeleteFunc(missing, func(lane string) bool { return r.openLane(ctx, lane, found) })
		if len(missing) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-r.newLanes:
		case <-every.C:
		}
	}
}

// lookForLanes makes watchLanes look at once.
func (r *runner) lookForLanes() {
	select {
	case r.newLanes <- struct{}{}:
	default:
	}
}

// openLane opens the consumers of a lane, if all exist.
func (r *runner) openLane(ctx context.Context, lane string, found func(source, deliveries)) bool {
	sources := r.sourcesOf(lane)
	var opened []deliveries
	for _, from := range sources {
		consumer, err := r.engine.JS.Consumer(ctx, from.stream, from.config.Durable)
		if err == nil {
			var messages deliveries
			messages, err = r.pullFrom(consumer)
			opened = append(opened, messages)
		}
		if err != nil {
			r.giveUpLane(ctx, lane, opened, err)
			return false
		}
	}
	for index, from := range sources {
		found(from, opened[index])
	}
	return true
}

func (r *runner) giveUpLane(ctx context.Context, lane string, opened []deliveries, err error) {
	for _, messages := range opened {
		if messages.MessagesContext != nil {
			messages.Stop()
		}
	}
	if !errors.Is(err, jetstream.ErrConsumerNotFound) && ctx.Err() == nil {
		r.log.Warn("the consumers of a lane cannot be looked up", "lane", lane, "error", err)
	}
}

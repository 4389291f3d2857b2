package harvest

import (
	"context"
	"encoding/json"
)

const (
	// intakeRoom bounds what a backend has told and nobody has looked at yet, in
	// records of usual size: of large ones there are fewer, one at least.
	intakeRoom = 64
	// heavyText is how many bytes of texts count as much as a record, heavyFiles how
	// many resources.
	heavyText  = 32 << 10
	heavyFiles = 20
)

// intake is the way from a backend to the engine.
type intake struct {
	messages chan message
	// room holds a token for each unit of weight that is under way; turn lets one at
	// a time take them, so that no two wait for each other.
	room, turn chan struct{}
}

func newIntake() intake {
	return intake{make(chan message, intakeRoom), make(chan struct{}, intakeRoom), make(chan struct{}, 1)}
}

// hand gives the engine a message; it waits for room.
func (i intake) hand(ctx context.Context, m message) error {
	m.weight = 1
	if m.line != nil {
		m.weight = min(1+weightOf(*m.line), intakeRoom)
	}
	select {
	case i.turn <- struct{}{}:
		defer func() { <-i.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	for range m.weight {
		select {
		case i.room <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx) // and so does whoever takes: the tokens are missed by nobody
		}
	}
	i.messages <- m // as many as there are tokens find a place
	return nil
}

// taken makes the room of a message free.
func (i intake) taken(m message) {
	for range m.weight {
		<-i.room
	}
}

// weightOf is how many further records a record counts as, for what it holds.
func weightOf(l Line) int {
	size := len(l.Message) + len(l.Details) + len(l.Reason) + len(l.Cursor) + len(l.RemoteID) + len(l.RemoteURL)
	files := 0
	switch {
	case l.Dataset != nil:
		size += l.Dataset.size()
		files = len(l.Dataset.Resources)
	case l.Dataservice != nil:
		d := l.Dataservice
		size += len(d.Description) + sizeOf(d.Tags, d.License, d.AccessRights, d.Rights, d.Datasets) + len(d.Contacts)*wordSize
	}
	return files/heavyFiles + size/heavyText
}

// wordSize is what a text or a member takes besides its characters, in bytes.
const wordSize = 16

// size is about how many bytes the texts of a dataset take.
func (d *Dataset) size() int {
	size := len(d.Title) + len(d.Description) + sizeOf(d.Tags, d.License, d.AccessRights, d.Rights) + valueSize(d.Extras)
	if d.Spatial != nil {
		size += valueSize(d.Spatial.Geometry) + sizeOf(d.Spatial.Zones)
	}
	for _, c := range d.Contacts {
		size += len(c.Name) + len(c.Email) + len(c.Form) + wordSize
	}
	for i := range d.Resources {
		size += len(d.Resources[i].Title) + len(d.Resources[i].Description) + len(d.Resources[i].URL) + valueSize(d.Resources[i].Extras)
	}
	return size
}

func sizeOf(lists ...[]string) int {
	size := 0
	for _, list := range lists {
		for _, one := range list {
			size += len(one) + wordSize
		}
	}
	return size
}

// valueSize is about how many bytes a value takes.
func valueSize(value any) int {
	size := wordSize
	switch v := value.(type) {
	case string:
		size += len(v)
	case json.RawMessage:
		size += len(v)
	case []string:
		size += sizeOf(v)
	case []any:
		for _, one := range v {
			size += valueSize(one)
		}
	case map[string]any:
		for key, one := range v {
			size += len(key) + valueSize(one)
		}
	}
	return size
}

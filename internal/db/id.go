package db

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"time"
)

// Identifiers of objects are 24 lower-case hexadecimal digits: 4 bytes of
// seconds since 1970, 5 random bytes of the process, 3 bytes of a counter.
// Sorting them by text sorts them by creation; clients check their shape.
var (
	idProcess [5]byte
	idCounter atomic.Uint32
)

func init() {
	var seed [9]byte
	if _, err := rand.Read(seed[:]); err != nil {
		panic(err)
	}
	copy(idProcess[:], seed[:5])
	idCounter.Store(binary.BigEndian.Uint32(seed[5:]))
}

// NewID returns a new object identifier.
func NewID() string { return newIDAt(time.Now()) }

func newIDAt(now time.Time) string {
	var raw [12]byte
	binary.BigEndian.PutUint32(raw[:4], uint32(now.Unix()))
	copy(raw[4:9], idProcess[:])
	count := idCounter.Add(1)
	raw[9], raw[10], raw[11] = byte(count>>16), byte(count>>8), byte(count)
	return hex.EncodeToString(raw[:])
}

// IsID tells whether text has the shape of an object identifier.
func IsID(text string) bool {
	if len(text) != 24 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// IDTime returns the creation moment that an object identifier carries, or the
// zero Time when the text is no identifier.
func IDTime(id string) Time {
	if !IsID(id) {
		return Time{}
	}
	raw, err := hex.DecodeString(id[:8])
	if err != nil {
		return Time{}
	}
	return TimeOf(time.Unix(int64(binary.BigEndian.Uint32(raw)), 0))
}

// NewUUID returns a random UUID (RFC 9562, version 4): the identifiers of
// resources, messages and requests.
func NewUUID() string {
	var raw [16]byte
	if _, err := rand.Read(raw[:]); err != nil {
		panic(err)
	}
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:])
}

// IsUUID tells whether text is a UUID in its usual form with dashes, in lower
// or upper case.
func IsUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return false
			}
		}
	}
	return true
}

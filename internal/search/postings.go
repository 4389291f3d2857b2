package search

// fieldMask tells in which fields of a document a word stands.
type fieldMask = uint8

// The fields of a document that are searched, as bits of a fieldMask.
const (
	inTitle fieldMask = 1 << iota
	inTags
	inOwner
	inAcronyms
	inFormerNames
	inFormats // of a dataset; the initials of the name of an organisation
	inExtra
	inDescription

	fieldCount = 8
)

// maxFrequency bounds how often a word is counted in a description.
const maxFrequency = 15

// posting says that a word stands in a row: where, and how often in the description.
type posting struct {
	row       uint32
	mask      fieldMask
	frequency uint8
}

// appendPosting encodes a posting after one of the row previous (-1 for the first): the distance of the rows with one
// bit for «more than once in the description», the mask, and the frequency if so.
func appendPosting(b []byte, p posting, previous int64) []byte {
	distance := uint64(int64(p.row)-previous) << 1
	if p.frequency > 1 {
		distance |= 1
	}
	for distance >= 0x80 {
		b = append(b, byte(distance)|0x80)
		distance >>= 7
	}
	b = append(b, byte(distance), p.mask)
	if p.frequency > 1 {
		b = append(b, p.frequency)
	}
	return b
}

// noRow is the row of a cursor at its end.
const noRow = ^uint32(0)

// cursor walks the postings of one word in one part by ascending row.
type cursor struct {
	posting
	data []byte
	at   int
}

// openCursor starts at the first posting.
func openCursor(data []byte) cursor {
	c := cursor{posting: posting{row: noRow}, data: data}
	c.next()
	return c
}

// next goes to the following posting, or to row noRow at the end.
func (c *cursor) next() {
	at, data := c.at, c.data
	if at >= len(data) {
		c.row = noRow
		return
	}
	distance := uint32(data[at])
	at++
	if distance >= 0x80 {
		distance &= 0x7f
		for shift := 7; ; shift += 7 {
			b := data[at]
			at++
			distance |= uint32(b&0x7f) << shift
			if b < 0x80 {
				break
			}
		}
	}
	c.row += distance >> 1 // noRow + 1 wraps to 0, so that the first distance counts from -1
	c.mask = data[at]
	at++
	c.frequency = 1
	if distance&1 != 0 {
		c.frequency = data[at]
		at++
	}
	c.at = at
}

// seek goes to the first posting of row or after it.
func (c *cursor) seek(row uint32) {
	for c.row < row {
		c.next()
	}
}

package harvest

import (
	"context"
	"hash/maphash"

	"grenier/internal/db"
)

// seenSet are the records that a job has met, in 24 bytes each and some room of a map.
type seenSet struct {
	seed maphash.Seed
	all  map[uint64]sighting
}

// sighting is how a record was when it was first met.
type sighting struct {
	hash uint64
	// known tells that the hash is that of the first sight.
	known bool
	// earlier is how many items were made of the record before an interruption that
	// will be told again.
	earlier uint8
	// bare tells that it was only told to be as it was.
	bare bool
}

// How a record is seen.
type seenHow int

const (
	seenFirst seenHow = iota
	// seenAgain tells nothing new; seenOtherwise was told before, and differently.
	seenAgain
	seenOtherwise
)

func newSeenSet() seenSet {
	return seenSet{seed: maphash.MakeSeed(), all: make(map[uint64]sighting)}
}

func (s *seenSet) key(text string) uint64 { return maphash.String(s.seed, text) }

// see notes a record and tells whether it was met before; bare tells that it was only
// told to be as it was. Records without an identifier are all different ones. One that
// was met bare, and is told now, moved from a page that is as it was to one that is not:
// what is told counts.
func (s *seenSet) see(remoteID, hash string, bare bool) seenHow {
	if remoteID == "" {
		return seenFirst
	}
	key, sum := s.key(remoteID), s.key(hash)
	before, met := s.all[key]
	switch {
	case !met, before.bare && !bare:
		s.all[key] = sighting{hash: sum, known: true, bare: bare}
		return seenFirst
	case before.known && before.hash == sum:
		return seenAgain
	case before.earlier > 0:
		before.earlier--
		if !before.known {
			before.hash, before.known = sum, true
		}
		s.all[key] = before
		return seenAgain
	}
	return seenOtherwise
}

// has tells whether a record was met.
func (s *seenSet) has(remoteID string) bool {
	_, met := s.all[s.key(remoteID)]
	return met
}

func (s *seenSet) size() int { return len(s.all) }

// recall fills the set with what earlier attempts at the job dealt with.
func (r *run) recall(ctx context.Context) error {
	r.seen = newSeenSet()
	if r.job.Resumed > 0 && len(r.job.Troubles()) > 0 { // what was missed then is not told again
		r.state.troubled, r.state.partial = true, true
	}
	var last []int64
	err := r.s.db.Read().NewRaw("SELECT seq FROM harvest_logs WHERE job_id = ? ORDER BY seq DESC LIMIT 1", r.job.ID).Scan(ctx, &last)
	if err != nil {
		return err
	}
	if len(last) > 0 {
		r.state.logSeq, r.state.logs = last[0], int(last[0])
	}
	for after := int64(0); r.job.Items > 0; {
		var rows []struct {
			Seq      int64
			RemoteID *string
			Hash     *string
		}
		err := r.s.db.Read().NewRaw(`SELECT i.seq, i.remote_id, r.hash FROM harvest_items i
			LEFT JOIN harvest_records r ON r.source_id = ? AND r.kind = i.kind AND r.remote_id = i.remote_id
			WHERE i.job_id = ? AND i.seq > ? AND i.status <> 'archived' ORDER BY i.seq LIMIT 5000`, r.source.ID, r.job.ID, after).Scan(ctx, &rows)
		if err != nil {
			return err
		}
		for _, row := range rows {
			after = row.Seq
			if row.RemoteID == nil {
				continue
			}
			key := r.seen.key(*row.RemoteID)
			s, met := r.seen.all[key]
			switch {
			case row.Seq > r.job.CursorItems:
				s.earlier++
			case !met && row.Hash != nil:
				s.hash, s.known = r.seen.key(*row.Hash), true
			}
			r.seen.all[key] = s
		}
		if len(rows) < 5000 {
			break
		}
	}
	return nil
}

// deleteItems removes the items of a job and the remarks on it, a batch at a time.
func (s *Store) deleteItems(ctx context.Context, job string) error {
	for _, table := range []string{"harvest_items", "harvest_logs"} {
		for {
			var removed int64
			err := s.db.Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
				result, err := tx.NewRaw("DELETE FROM "+table+" WHERE job_id = ?0 AND seq <= (SELECT min(seq) + 5000 FROM "+table+" WHERE job_id = ?0)", job).Exec(ctx)
				if err != nil {
					return err
				}
				removed, err = result.RowsAffected()
				return err
			})
			if err != nil {
				return err
			}
			if removed == 0 {
				break
			}
		}
	}
	return nil
}

package intake

// joiner puts the resources of a dataset together: each is a row of the dump,
// their list is one field of the dataset. Rows of one dataset stand together in
// a dump; those that come back later are added to the list.
type joiner struct {
	// open is the list that the next row may go on with.
	open    *said
	members int64
	seen    map[string]bool
}

// longestList bounds a list that is put together; what follows is added to it.
const longestList = 20_000

// join takes the rows of a chunk and returns the lists that are complete, with
// how many rows each input stands for. last closes the open one.
func (j *joiner) join(rows []said, last bool) (*statements, map[string]int64) {
	var closed []said
	var weights []int64
	beyond := map[string]int64{}
	end := func() {
		if j.open == nil {
			return
		}
		closed = append(closed, *j.open)
		weights = append(weights, 0, j.members)
		j.open = nil
	}
	for i := range rows {
		row := rows[i]
		for _, kind := range row.beyond {
			beyond[kind]++
		}
		list := &row.datasets[1]
		if j.open != nil && j.open.datasets[1].Object.ID == list.Object.ID && j.members < longestList {
			j.goOn(&row)
			continue
		}
		end()
		if j.seen[list.Object.ID] {
			list.More = true
			beyond[apart]++
		}
		j.seen[list.Object.ID] = true
		j.open, j.members = &row, 1
	}
	if last {
		end()
	}
	s := gather(closed)
	s.weights = weights
	return s, beyond
}

// goOn adds a row to the open list.
func (j *joiner) goOn(row *said) {
	list, more := &j.open.datasets[1], &row.datasets[1]
	list.Object.Resources = append(list.Object.Resources, more.Object.Resources...)
	list.Source.At = max(list.Source.At, more.Source.At)
	list.Source.Hash = list.Source.Hash*uint64(primeHash) ^ more.Source.Hash
	j.open.licenses = append(j.open.licenses, row.licenses...)
	j.members++
}

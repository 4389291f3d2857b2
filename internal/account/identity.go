package account

// MayEnter tells whether an account is open to its person: active, confirmed
// and not closed.
func MayEnter(user *User) bool { return mayEnter(user) }

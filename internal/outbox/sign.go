package outbox

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"time"
)

// secretPrefix begins the secrets of webhooks, as the Standard Webhooks specification has it.
const secretPrefix = "whsec_"

// drawSecret draws a secret: its text for the receiver.
func drawSecret() (string, error) {
	var raw [32]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", err
	}
	return secretPrefix + base64.StdEncoding.EncodeToString(raw[:]), nil
}

// Sign is the signature of a delivery by the Standard Webhooks specification: the HMAC-SHA256, under the secret, of
// identifier, moment in seconds and body.
func Sign(secret, id string, at time.Time, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(secret[min(len(secretPrefix), len(secret)):])
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// sealed hides a secret for the database: AES-256-GCM under a key of this installation, bound to the webhook.
func (w *Webhooks) sealed(hook, secret string) (string, error) {
	sealer, err := w.sealer()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, sealer.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", err
	}
	return base64.RawStdEncoding.EncodeToString(sealer.Seal(nonce, nonce, []byte(secret), []byte(hook))), nil
}

var errUnsealed = errors.New("outbox: the secret of a webhook cannot be read: it was sealed by another installation")

func (w *Webhooks) unsealed(hook, text string) (string, error) {
	sealer, err := w.sealer()
	if err != nil {
		return "", err
	}
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(raw) < sealer.NonceSize() {
		return "", errUnsealed
	}
	plain, err := sealer.Open(nil, raw[:sealer.NonceSize()], raw[sealer.NonceSize():], []byte(hook))
	if err != nil {
		return "", errUnsealed
	}
	return string(plain), nil
}

func (w *Webhooks) sealer() (cipher.AEAD, error) {
	mac := hmac.New(sha256.New, w.options.Secret)
	mac.Write([]byte("secrets of webhooks"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

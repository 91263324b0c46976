// The browser's key: a pair for ES256 whose private half no script can read out, one for all tabs, kept in IndexedDB; and
// the proof of holding it (DPoP, RFC 9449). Where it cannot be had there is no proof, and the session does without.
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const KEYS = "keys";
const NAME = "session";

// Milliseconds. A database that does not open must not keep anybody from signing in.
const TIMEOUT_MS = 2000;

const requestResult = (request) =>
  new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });

const open = () => {
  const request = indexedDB.open("latchkey", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(KEYS);
  return requestResult(request);
};

// Of tabs that have made a pair at once, the first one's is kept: looking and adding are one transaction.
const addIfAbsent = (database, generated) =>
  new Promise((done, fail) => {
    const transaction = database.transaction(KEYS, "readwrite", { durability: "strict" });
    const keys = transaction.objectStore(KEYS);
    const existing = keys.get(NAME);
    existing.onsuccess = () => {
      try {
        existing.result ?? keys.add(generated, NAME);
      } catch {
        transaction.abort(); // some private windows keep no keys
      }
    };
    transaction.oncomplete = () => done(existing.result ?? generated);
    transaction.onabort = () => fail(transaction.error);
  });

// Read every time: another tab may have begun anew after the data of the site were cleared.
const loadKeyPair = async () => {
  const database = await open();
  try {
    const existing = await requestResult(database.transaction(KEYS).objectStore(KEYS).get(NAME));
    return existing ?? (await addIfAbsent(database, await crypto.subtle.generateKey(ALGORITHM, false, ["sign"])));
  } finally {
    database.close();
  }
};

const withTimeout = (work) => Promise.race([work, new Promise((_, fail) => setTimeout(fail, TIMEOUT_MS))]);

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/[+/=]/g, (c) => ({ "+": "-", "/": "_" })[c] ?? "");
const encode = (text) => new TextEncoder().encode(text);
const part = (value) => base64url(encode(JSON.stringify(value)));

// What was read the last time serves where the database fails later, or is slow. Reading begins before anybody asks: the
// first time takes longest.
let cachedKeyPair;
const refreshCache = async () => (cachedKeyPair = await loadKeyPair());
if (globalThis.crypto?.subtle) refreshCache().catch(() => {});

// A proof for one call, made at `iat` in seconds by the server's clock, with the server's nonce where it gave one. Nothing
// without a key.
const createProof = async (htm, path, iat, nonce) => {
  if (!globalThis.crypto?.subtle) return;
  await withTimeout(refreshCache()).catch(() => {});
  if (!cachedKeyPair) return;
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", cachedKeyPair.publicKey);
  const jti = base64url(crypto.getRandomValues(new Uint8Array(16)));
  const header = { typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } };
  const text = `${part(header)}.${part({ jti, htm, htu: location.origin + path, iat, nonce })}`;
  return `${text}.${base64url(await crypto.subtle.sign(ALGORITHM, cachedKeyPair.privateKey, encode(text)))}`;
};

// Where the page's WebAssembly finds it.
globalThis.latchkeyProve = createProof;

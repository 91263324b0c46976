// The browser's key: a non-extractable ES256 key pair in IndexedDB, shared by all tabs; and its proof of possession
// (DPoP, RFC 9449). If there is no key, there is no proof, and the session does without.
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const KEYS = "keys";
const NAME = "session";

// Milliseconds. A database that does not open must not prevent signing in.
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

// If several tabs generate a pair at once, the first one is kept: the read and the write are one transaction.
const addIfAbsent = (database, generated) =>
  new Promise((done, fail) => {
    const transaction = database.transaction(KEYS, "readwrite", { durability: "strict" });
    const keys = transaction.objectStore(KEYS);
    const existing = keys.get(NAME);
    existing.onsuccess = () => {
      try {
        existing.result ?? keys.add(generated, NAME);
      } catch {
        transaction.abort(); // some private windows cannot store keys
      }
    };
    transaction.oncomplete = () => done(existing.result ?? generated);
    transaction.onabort = () => fail(transaction.error);
  });

// Read for every proof: another tab may have stored a new pair after the site's data were cleared.
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

// The last pair that was read is used if the database fails later or is slow. The first read takes longest, so it
// starts at load.
let cachedKeyPair;
const refreshCache = async () => (cachedKeyPair = await loadKeyPair());
if (globalThis.crypto?.subtle) refreshCache().catch(() => {});

// Creates a proof for one request. `iat` is in seconds by the server's clock; `nonce` is the server's, if it sent one.
// Returns undefined without a key.
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

// The name by which the page's WebAssembly finds it.
globalThis.latchkeyProve = createProof;

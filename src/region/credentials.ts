/** The one key pair that the local region accepts. Not a secret: it opens nothing but a server on loopback. */
export const LOCAL_ACCESS_KEY_ID = 'local';
export const LOCAL_SECRET_ACCESS_KEY = 'local-secret';

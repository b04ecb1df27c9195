/**
 * Cipher suites that Kubernetes and etcd know by the names of Go; both exit with another one. [k8s.io: kube-apiserver --tls-cipher-suites; Go:
 * crypto/tls, CipherSuites and InsecureCipherSuites]
 */
export const CIPHER_SUITES: readonly string[] = [
  ...['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', 'CHACHA20_POLY1305_SHA256'].map((suite) => `TLS_${suite}`),
  ...['TLS_ECDHE_ECDSA_WITH_', 'TLS_ECDHE_RSA_WITH_'].flatMap((exchange) =>
    [
      'AES_128_CBC_SHA',
      'AES_128_CBC_SHA256',
      'AES_128_GCM_SHA256',
      'AES_256_CBC_SHA',
      'AES_256_GCM_SHA384',
      'CHACHA20_POLY1305',
      'CHACHA20_POLY1305_SHA256',
      'RC4_128_SHA',
    ].map((suite) => exchange + suite),
  ),
  'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA',
  ...[
    '3DES_EDE_CBC_SHA',
    'AES_128_CBC_SHA',
    'AES_128_CBC_SHA256',
    'AES_128_GCM_SHA256',
    'AES_256_CBC_SHA',
    'AES_256_GCM_SHA384',
    'RC4_128_SHA',
  ].map((suite) => `TLS_RSA_WITH_${suite}`),
];

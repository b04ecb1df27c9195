/** Returns a cluster document; with a pool it has three servers, else one. */
export function documentOf(name, pool = null, mode = 'ha') {
  const pools =
    pool === null
      ? ''
      : `  pools:
    - name: workers
      count: ${pool.count}
      instanceType: ${pool.instanceType}
`;
  return `apiVersion: keelson/v1
kind: Cluster
metadata:
  name: ${name}
spec:
  region: eu-west-1
  mode: ${mode}
  servers:
    instanceType: t3.medium
${pools}  k3s:
    version: v1.34.2+k3s1
`;
}

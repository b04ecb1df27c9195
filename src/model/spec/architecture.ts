/**
 * Returns the architecture in the name of an instance type: a `g` right after the number of the generation means Graviton, `a1` was the
 * first of them. [docs: EC2 instance type naming conventions]
 */
export const architectureOf = (instanceType: string): 'amd64' | 'arm64' =>
  /^([a-z]+\d+g|a1\.)/.test(instanceType) ? 'arm64' : 'amd64';

/** Parameters of the EC2 Query protocol: `Filter.1.Name=..&Filter.1.Value.1=..`, read as a tree. */
import { AwsError } from '../aws-error.js';

interface Branch {
  text?: string;
  children?: Map<string, Branch>;
}

export class Params {
  private constructor(private readonly branch: Branch) {}

  static parse(form: URLSearchParams): Params {
    const root: Branch = {};
    for (const [path, value] of form) {
      let branch = root;
      for (const part of path.split('.')) {
        branch.children ??= new Map();
        const child = branch.children.get(part) ?? {};
        branch.children.set(part, child);
        branch = child;
      }
      branch.text = value;
    }
    return new Params(root);
  }

  text(name: string): string | undefined {
    return this.branch.children?.get(name)?.text;
  }

  /** @throws MissingParameter */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '') throw missing(name);
    return value;
  }

  integer(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!/^-?\d+$/.test(value)) throw invalidValue(name, value);
    return Number(value);
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : value === 'true';
  }

  /** `InstanceId.1`, `InstanceId.2`, ... in order. */
  list(name: string): string[] {
    return this.items(name).flatMap((item) => item.text ?? []);
  }

  structs(name: string): Params[] {
    return this.items(name).map((item) => new Params(item));
  }

  /** Empty if absent. */
  struct(name: string): Params {
    return new Params(this.branch.children?.get(name) ?? {});
  }

  has(name: string): boolean {
    return this.branch.children?.has(name) ?? false;
  }

  private items(name: string): Branch[] {
    const children = this.branch.children?.get(name)?.children;
    return [...(children ?? [])].sort(([a], [b]) => Number(a) - Number(b)).map(([, item]) => item);
  }
}

export function missing(name: string): AwsError {
  return new AwsError('MissingParameter', 400, `The request must contain the parameter ${name}`);
}

export function invalidValue(name: string, value: string, why = ''): AwsError {
  return new AwsError('InvalidParameterValue', 400, `Value (${value}) for parameter ${name} is invalid. ${why}`.trim());
}

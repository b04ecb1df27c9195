/** Labels and taints as a server's script sets them, on the region's machines with the real scripts. */
import { describe, expect, it } from 'vitest';
import { goTemplate } from '../../../../packages/aws-simulator/src/k3s/kubectl/go-template.js';

const node = (name: string, labels: Record<string, string>, taints?: object[]) => ({
  metadata: { name, labels },
  spec: taints === undefined ? {} : { taints },
});
const TEMPLATE =
  '{{range .items}}{{.metadata.name}}{{range $k, $v := .metadata.labels}} L:{{$k}}={{$v}}{{end}}{{range .spec.taints}} T:{{.key}}={{if .value}}{{.value}}{{end}}:{{.effect}}{{end}}{{"\\n"}}{{end}}';

describe('a Go template', () => {
  // As kubectl 1.32 prints the same Nodes. [measured]
  it('prints labels in the order of their keys, and taints with and without a value', () => {
    const items = [
      node('a', { zz: '1', 'a.b/c': '' }, [
        { key: 'dedicated', value: 'batch', effect: 'NoSchedule' },
        { key: 'x', effect: 'NoExecute' },
      ]),
      node('b', {}),
    ];
    expect(goTemplate(TEMPLATE, { items })).toBe('a L:a.b/c= L:zz=1 T:dedicated=batch:NoSchedule T:x=:NoExecute\nb\n');
  });

  it.each(['{{printf "%s" .a}}', '{{range .a}}', '{{end}}', '{{$k}}'])(
    'that is not understood is an error: %s',
    (text) => {
      expect(() => goTemplate(text, {})).toThrow(/error parsing template/);
    },
  );
});

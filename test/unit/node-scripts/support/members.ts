/** The answer of K3s's `/db/info`, in the form that etcd's own types give it. [etcd source: etcdserverpb, Member] */
export function members(...list: readonly (readonly [name: string, ip: string, what: 'voter' | 'learner'])[]): string {
  const texts = list.map(([name, ip, what], index) => {
    const rest = {
      ...(name !== '' && { name }),
      peerURLs: [`https://${ip}:2380`],
      ...(name !== '' && { clientURLs: [`https://${ip}:2379`] }),
      ...(what === 'learner' && { isLearner: true }),
    };
    return `{"ID":1785994382187440${index},${JSON.stringify(rest).slice(1)}`;
  });
  return `{"members":[${texts.join(',')}]}\n`;
}

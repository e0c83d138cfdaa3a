/** Where a Docker daemon listens, as dockerode takes it. */
export type DaemonAddress = { socketPath: string } | { protocol: 'http' | 'https'; host: string; port: number };

const plainPort = 2375;
const tlsPort = 2376;

/** Reads `DOCKER_HOST`: `unix:///var/run/docker.sock`, `tcp://host:2375` or `https://host:2376`; undefined for others. */
export function parseDaemonAddress(text: string): DaemonAddress | undefined {
  const url = URL.parse(text);
  if (url?.protocol === 'unix:' && url.host === '' && url.pathname.length > 1) return { socketPath: url.pathname };
  if (!url || !['tcp:', 'http:', 'https:'].includes(url.protocol) || url.hostname === '') return undefined;
  const protocol = url.protocol === 'https:' ? 'https' : 'http';
  const standard = protocol === 'https' ? tlsPort : plainPort;
  return { protocol, host: url.hostname, port: url.port === '' ? standard : Number(url.port) };
}

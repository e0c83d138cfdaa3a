const colours = [36, 33, 32, 35, 34, 96, 93, 92];
const hidden = new Set(['level', 'time', 'service', 'msg', 'pid', 'hostname']);

/** Turns a service's JSON log line into `name  level message key=value …` for a reader; other lines stay as they are. */
export function formatLogLine(service: string, line: string, { colour = false } = {}): string {
  const name = service.padEnd(23);
  const label = colour ? `\x1b[${colours[hash(service) % colours.length]}m${name}\x1b[0m` : name;
  return `${label} ${readable(line)}`;
}

function readable(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const fields = JSON.parse(line) as Record<string, unknown>;
    const rest = Object.entries(fields).filter(([key]) => !hidden.has(key));
    const pairs = rest.map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
    return [String(fields.level ?? ''), String(fields.msg ?? ''), ...pairs].join(' ').trim();
  } catch {
    return line; // not JSON after all: show it as it came
  }
}

const hash = (text: string): number => [...text].reduce((sum, char) => sum + char.charCodeAt(0), 0);

/** A user of either product with their one key. */
export interface User {
  id: number;
  email: string;
  key: string;
}

/** The operator's calls, the same in both products. */
export class AdminClient {
  readonly #url: string;
  readonly #adminKey: string;

  constructor(url: string, adminKey: string) {
    this.#url = url;
    this.#adminKey = adminKey;
  }

  async createUser(email: string, maxConcurrentBots = 3): Promise<User> {
    const user = await this.post('/admin/users', { email, max_concurrent_bots: maxConcurrentBots });
    const token = await this.post(`/admin/users/${user.id}/tokens`, {});
    return { id: Number(user.id), email, key: String(token.token) };
  }

  /** Gives the answer's body; rejects unless it is a success. */
  async post(path: string, body: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.#url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-admin-api-key': this.#adminKey },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  }
}

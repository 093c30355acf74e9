// What the server is asked, and what it tells by itself.

export async function ask(path, parameters = {}, options = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== "" && value !== null));
  const response = await fetch(`/api/${path}${query.size ? `?${query}` : ""}`, options);
  if (!response.ok) throw new Error((await response.text()).trim() || `${response.status}`);
  return response;
}

export async function askJson(path, parameters = {}, options = {}) {
  return (await ask(path, parameters, options)).json();
}

// Calls `told` with every new state and `connected` with whether the server can be reached.
export function listen(told, connected) {
  const source = new EventSource("/api/events");
  source.addEventListener("open", () => connected(true));
  source.addEventListener("error", () => connected(false));
  source.addEventListener("state", (event) => told(JSON.parse(event.data)));
}

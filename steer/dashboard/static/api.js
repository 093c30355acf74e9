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

const TRY_AGAIN = 2000;

// Calls `told` with every new state and `connected` with what is wrong, or nothing. A browser gives up listening when it is
// answered anything but events, as by a dashboard that was started anew with another token: it is asked again.
export function listen(told, connected) {
  const source = new EventSource("/api/events");
  source.addEventListener("open", () => connected(""));
  source.addEventListener("state", (event) => told(JSON.parse(event.data)));
  source.addEventListener("error", async () => {
    connected("The dashboard does not answer; trying again.");
    if (source.readyState !== EventSource.CLOSED) return;
    source.close();
    try {
      if ((await fetch("/api/log")).status === 403) connected("The dashboard was started anew: open the address that it printed.");
    } catch {
      // Nobody is there; what was said stays true.
    }
    setTimeout(() => listen(told, connected), TRY_AGAIN);
  });
}

// NGL comes as a chunk that webpack made (vendor/LICENSES.txt). This is as much of webpack's runtime as it needs.

const NGL_MODULE = 84977;
let loading = null;

export function loadNgl() {
  loading ??= new Promise((resolve, reject) => {
    const factories = {};
    const loaded = {};
    globalThis.webpackChunknglview_js_widgets = { push: ([, more]) => Object.assign(factories, more) };
    const need = (id) => {
      if (loaded[id]) return loaded[id].exports;
      const module = (loaded[id] = { id, exports: {}, children: [] });
      // `process` of Node is asked for, and not used in a browser.
      factories[id]?.call(module.exports, module, module.exports, need);
      return module.exports;
    };
    need.d = (target, getters) => {
      for (const name of Object.keys(getters)) Object.defineProperty(target, name, { enumerable: true, get: getters[name] });
    };
    need.r = (target) => Object.defineProperty(target, "__esModule", { value: true });
    need.nmd = (module) => module;
    need.g = globalThis;
    need.n = (module) => {
      const getter = () => (module && module.__esModule ? module.default : module);
      need.d(getter, { a: getter });
      return getter;
    };
    const script = document.createElement("script");
    script.src = "/static/vendor/ngl/ngl-2.4.0.js";
    script.onload = () => {
      try {
        resolve(need(NGL_MODULE));
      } catch (error) {
        reject(error);
      }
    };
    script.onerror = () => reject(new Error("the 3-D viewer could not be loaded"));
    document.head.append(script);
  });
  return loading;
}

#include <fmt/format.h>

#include <string>

#include "src/library/report/page_parts.h"

namespace peel::library {
namespace {

// Without comments and indents it would be a tenth smaller; of a page of megabytes that is nothing.
constexpr char kStyle[] = R"css(
:root{color-scheme:light dark;
  --paper:light-dark(#f4f6f1,#0d1411);--card:light-dark(#fff,#151e1a);
  --ink:light-dark(#14211b,#e8f0e9);--soft:light-dark(#56675e,#9db0a5);
  --line:light-dark(#dfe5dd,#26332d);--well:light-dark(#eaeee7,#1c2721);
  --act:light-dark(#0d6b4c,#d3f03f);--on-act:light-dark(#fff,#16210a);
  --part:light-dark(#8fb8a5,#4c7462);--zest:#d3f03f;
  --sea:light-dark(#e8efec,#111b17);--land:light-dark(#c3d2c7,#2b3c34);
  font:16px/1.55 "Avenir Next",Avenir,"Segoe UI Variable Text",Inter,Cantarell,"Segoe UI",system-ui,sans-serif}
:root[data-look=light]{color-scheme:light}
:root[data-look=dark]{color-scheme:dark}
*{box-sizing:border-box}
html{scroll-padding-top:64px}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
body{margin:0 auto;max-width:1240px;padding:0 clamp(16px,3vw,36px) 48px;background:var(--paper);color:var(--ink)}
h1,h2,h3,p,ul,ol,dl,dd,figure{margin:0;padding:0}
ul,ol{list-style:none}
a{color:var(--act)}
b{font-weight:650}
code{font:.92em ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace;background:var(--well);padding:.1em .35em;border-radius:5px}
:focus-visible{outline:2.5px solid var(--act);outline-offset:2px}
.soft{color:var(--soft);font-weight:400}
.skip:not(:focus){position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.skip{position:fixed;z-index:9;top:8px;left:8px;padding:8px 14px;border-radius:8px;background:var(--act);color:var(--on-act)}

.top{padding:18px 0 8px}
.head{display:flex;justify-content:space-between;align-items:center;min-height:40px}
.brand{display:inline-flex;align-items:center;gap:9px;font-weight:650;letter-spacing:-.01em}
.brand svg{width:26px;height:26px;padding:4px;border-radius:8px;background:var(--zest);fill:#16210a}
#look{font:inherit;font-size:.9rem;color:inherit;min-height:38px;padding:0 14px;border:1px solid var(--line);border-radius:10px;background:var(--card);cursor:pointer}
h1{margin-top:clamp(18px,5vw,52px);font-size:clamp(2.3rem,7.5vw,5rem);line-height:1.02;font-weight:750;letter-spacing:-.04em;overflow-wrap:anywhere;text-wrap:balance}
.span{margin-top:10px;font-size:clamp(1rem,2.2vw,1.3rem);color:var(--soft)}
.facts{display:flex;flex-wrap:wrap;gap:14px clamp(22px,4vw,52px);margin:clamp(18px,3vw,34px) 0 clamp(18px,2.6vw,30px)}
.facts div{display:flex;flex-direction:column}
.facts dd{font-size:clamp(1.45rem,3.4vw,2.2rem);font-weight:700;letter-spacing:-.03em;line-height:1.1;font-variant-numeric:tabular-nums}
.facts dt{color:var(--soft);font-size:.95rem}

nav{position:sticky;top:0;z-index:2;margin:18px calc(-1*clamp(16px,3vw,36px)) 0;padding:0 clamp(16px,3vw,36px);background:color-mix(in srgb,var(--paper) 88%,transparent);backdrop-filter:blur(12px);border-bottom:1px solid var(--line)}
nav ul{display:flex;gap:2px;overflow-x:auto;scrollbar-width:none}
nav a{display:block;padding:13px 12px;color:var(--ink);text-decoration:none;white-space:nowrap;font-weight:550;font-size:.95rem}
nav li:first-child a{margin-left:-12px}
nav a:hover{color:var(--act)}
nav a:focus-visible{outline-offset:-4px;border-radius:8px}

section{padding-top:clamp(38px,6vw,72px)}
section>header{margin-bottom:20px}
h2{font-size:clamp(1.55rem,3.6vw,2.3rem);line-height:1.12;font-weight:720;letter-spacing:-.03em}
section>header p{margin-top:7px;color:var(--soft);max-width:68ch;font-size:1.04rem}
section>header p b{color:var(--ink)}
h3{margin:28px 0 10px;font-size:1.06rem;font-weight:680;letter-spacing:-.01em}
h3 .soft{margin-left:.35em;font-size:.95rem}

.shots{display:flex;flex-wrap:wrap;gap:8px;--h:150px}
.shots::after{content:"";flex:1e6 1 0}
.front{--h:clamp(120px,19vw,216px);gap:6px;max-height:calc(3*var(--h) + 12px);overflow:hidden}
.front::after{content:none}
.front .shot{max-width:none}
.front img{object-position:50% 32%}
.small{--h:112px}
.shot{min-width:0;max-width:100%;--a:1.5;flex:var(--a) 1 calc(var(--a)*var(--h));max-width:calc(var(--a)*var(--h)*1.5)}
.frame{position:relative;display:block;height:var(--h);border-radius:10px;overflow:hidden;background:var(--well)}
.front .frame{border-radius:8px}
.frame img{display:block;width:100%;height:100%;object-fit:cover;transition:scale .35s cubic-bezier(.2,.8,.2,1)}
@media (prefers-reduced-motion:no-preference){a.frame:hover img{scale:1.045}}
.none{display:grid;place-items:center;height:100%;color:var(--soft);text-transform:uppercase;font-size:.85rem;letter-spacing:.06em}
.badge{position:absolute;left:7px;top:7px;padding:2px 9px;border-radius:20px;background:var(--zest);color:#16210a;font-size:.78rem;font-weight:680}
figcaption{margin-top:5px;font-size:.86rem;line-height:1.35;color:var(--soft);overflow-wrap:anywhere}
figcaption b{color:var(--ink)}
.cut,.fact{display:block;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.rounds{display:flex;flex-wrap:wrap;gap:12px}
.round svg{display:block;width:88px;height:88px;border-radius:50%;background:var(--well)}
.round{border-radius:50%}

.wide{overflow-x:auto;scrollbar-width:thin}
.columns{display:block;width:100%;min-width:560px;height:auto}
.halves .columns{min-width:0}
.hours{display:block;width:100%;min-width:640px;height:auto}
svg text:not(.count){font-size:13px}
svg text{fill:var(--soft);font-variant-numeric:tabular-nums}
.columns text{text-anchor:middle}
.columns .value{fill:var(--ink);font-weight:650}
.columns .part{fill:var(--part)}
.columns .most,.hours .cell{fill:var(--act)}
.columns rect:hover,.spot:hover{fill:var(--ink)}
.axis{stroke:var(--line);stroke-width:1.5}
.hours .empty{fill:var(--well)}

.map{display:block;width:100%;height:auto;border-radius:18px;background:var(--card);border:1px solid var(--line)}
.sea{fill:var(--sea)}
.grid{fill:none;stroke:var(--line)}
.land{fill:var(--land);stroke:var(--card)}
.spot{fill:var(--act);fill-opacity:.78;stroke:var(--card)}
.map .count{text-anchor:middle;fill:var(--on-act);font-weight:650;pointer-events:none}

.halves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,380px),1fr));gap:0 clamp(24px,5vw,64px)}
.bars li{display:grid;grid-template-columns:1fr auto;gap:1px 12px;padding:5px 0}
.bars .name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bars .value{font-variant-numeric:tabular-nums;color:var(--soft)}
.bar rect{fill:var(--act)}
.bars svg{grid-column:1/-1;width:100%;height:7px;border-radius:4px;background:var(--well)}
.mosaic{display:block;width:100%;height:clamp(180px,30vw,340px);border-radius:18px}
.ribbon{display:block;width:100%;height:22px;margin-top:18px;border-radius:11px}
.legend,.words{display:flex;flex-wrap:wrap;gap:8px 20px;margin-top:14px;color:var(--soft)}
.legend li{display:inline-flex;align-items:center;gap:7px}
.legend svg{width:13px;height:13px;stroke:var(--line)}
.legend b,.words b{color:var(--ink);font-variant-numeric:tabular-nums}
.words{gap:8px}
.words li{padding:4px 12px;border-radius:20px;background:var(--well)}
.groups{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,520px),1fr));gap:14px;margin-top:12px}
.group{padding:14px;border:1px solid var(--line);border-radius:16px;background:var(--card);min-width:0}
.why{margin-top:10px;font-size:.95rem}
details{border:1px solid var(--line);border-radius:14px;background:var(--card);padding:0 16px}
summary{padding:13px 0;cursor:pointer;font-weight:600}
table{border-collapse:collapse;width:100%;font-size:.92rem;margin-bottom:12px}
th,td{text-align:left;vertical-align:top;padding:7px 14px 7px 0;border-top:1px solid var(--line)}
td:first-child{overflow-wrap:anywhere;min-width:220px}
footer{margin-top:72px;padding-top:22px;border-top:1px solid var(--line);color:var(--soft);font-size:.9rem}
footer p{margin-top:16px;max-width:80ch}
footer dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:6px 24px;padding-bottom:14px}
footer dl div{display:flex;justify-content:space-between;gap:12px}
footer dd{color:var(--ink);text-align:right}
@media (max-width:620px){.shots{--h:112px}.small{--h:92px}.front{--h:118px}.round svg{width:72px;height:72px}}
@media print{nav,#look,.skip{display:none}section{break-inside:avoid-page}}
)css";

}  // namespace

std::string_view ReportStyle() {
  // A class for each proportion a picture may have, in tenths: the policy lets no style attributes
  // through.
  static const std::string style = [] {
    std::string text = kStyle;
    for (int tenths = 5; tenths <= 26; ++tenths) {
      text += fmt::format(".s{}{{--a:{}.{}}}\n", tenths, tenths / 10, tenths % 10);
    }
    return text;
  }();
  return style;
}

std::string_view ReportScript() {
  return R"js(
const look = document.getElementById("look"), root = document.documentElement;
const isDark = () => root.dataset.look ? root.dataset.look === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
const tell = () => { look.textContent = isDark() ? "Light" : "Dark"; };
look.hidden = false;
look.addEventListener("click", () => { root.dataset.look = isDark() ? "light" : "dark"; tell(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
tell();
)js";
}

}  // namespace peel::library

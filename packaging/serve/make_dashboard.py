#!/usr/bin/env python3
"""Writes grafana.json beside this file: the dashboard of `peel serve`. usage: make_dashboard.py [--check]"""
import json
import pathlib
import sys

FILE = pathlib.Path(__file__).with_name("grafana.json")

PANELS = [
    ("Requests", "reqps", [("sum by (status) (rate(peel_requests_total[$__rate_interval]))", "{{status}}")]),
    ("By route", "reqps", [("sum by (route) (rate(peel_requests_total[$__rate_interval]))", "{{route}}")]),
    ("Latency", "s", [(f"histogram_quantile({q}, sum by (le) (rate(peel_request_seconds_bucket[$__rate_interval])))",
                       f"p{int(q * 100)}") for q in (0.5, 0.9, 0.99)]),
    ("Time of a stage", "s", [("sum by (stage) (rate(peel_stage_seconds_sum[$__rate_interval])) / "
                               "sum by (stage) (rate(peel_stage_seconds_count[$__rate_interval]))", "{{stage}}")]),
    ("Queue and work", "short", [("peel_queue_length", "waiting"), ("peel_in_flight", "in flight"),
                                 ('peel_workers{state="busy"}', "workers at work")]),
    ("Memory", "bytes", [("peel_resident_bytes", "resident")]),
    ("Refused", "reqps", [('sum by (status) (rate(peel_requests_total{status=~"4..|5.."}[$__rate_interval]))',
                           "{{status}}")]),
    ("Replaced workers", "short", [("sum by (reason) (increase(peel_worker_restarts_total[$__rate_interval]))",
                                    "{{reason}}")]),
    ("Traffic", "Bps", [("sum by (direction) (rate(peel_bytes_total[$__rate_interval]))", "{{direction}}")]),
    ("Megapixels a second", "short", [("rate(peel_pixels_admitted_total[$__rate_interval]) / 1e6", "admitted")]),
]


def dashboard():
    panels = []
    for number, (title, unit, targets) in enumerate(PANELS):
        panels.append({
            "id": number + 1, "type": "timeseries", "title": title,
            "datasource": {"type": "prometheus", "uid": "${source}"},
            "gridPos": {"h": 8, "w": 12, "x": 12 * (number % 2), "y": 8 * (number // 2)},
            "fieldConfig": {"defaults": {"unit": unit, "min": 0, "custom": {"fillOpacity": 8, "lineWidth": 2}},
                            "overrides": []},
            "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
            "targets": [{"refId": chr(65 + i), "expr": expression, "legendFormat": legend}
                        for i, (expression, legend) in enumerate(targets)],
        })
    return {
        "title": "Peel", "uid": "peel-serve", "tags": ["peel"], "schemaVersion": 39, "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"}, "timezone": "browser", "editable": True,
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Source"}]},
        "panels": panels,
    }


def main():
    text = json.dumps(dashboard(), indent=1) + "\n"
    if "--check" in sys.argv[1:]:
        sys.exit(0 if FILE.read_text(encoding="utf-8") == text else f"{FILE.name} is not what this makes")
    FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Figures of the study: functions of arrays and tables that write SVG and PNG, one module a figure."""

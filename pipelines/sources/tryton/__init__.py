"""Tryton (trytond 7.4 or later, modules sale_opportunity and sale) as a connected source, by its REST API."""
